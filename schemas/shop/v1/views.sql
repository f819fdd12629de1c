-- What the shop front shows.
CREATE VIEW active_products AS
SELECT p.id, p.sku, p.name, p.price, c.name AS category
  FROM products p
  LEFT JOIN categories c ON c.id = p.category_id
 WHERE p.active;

-- One line per order, for the back office.
CREATE VIEW order_summary AS
SELECT o.id, o.status, o.placed_at, cu.full_name AS customer, order_total(o.id) AS total
  FROM orders o
  JOIN customers cu ON cu.id = o.customer_id;

COMMENT ON VIEW order_summary IS 'One line per order, for the back office';
