INSERT INTO a_table_whose_name_goes_on_and_on_until_there_is_no_more_room_x SELECT g, g FROM generate_series(1, 20) g;
