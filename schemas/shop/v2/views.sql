-- What the shop front shows.
CREATE VIEW active_products AS
SELECT p.id, p.sku, p.name, p.price, c.name AS category,
       round(p.price * (1 + p.tax_rate), 2) AS price_with_tax
  FROM products p
  LEFT JOIN categories c ON c.id = p.category_id
 WHERE p.active;

-- One line per order, for the back office.
CREATE VIEW order_summary AS
SELECT o.id, o.status, o.placed_at, o.note, cu.display_name AS customer, order_total(o.id) AS total
  FROM orders o
  JOIN customers cu ON cu.id = o.customer_id;

COMMENT ON VIEW order_summary IS 'One line per order, for the back office';

-- Best first, of those with enough reviews to mean something.
CREATE VIEW top_products AS
SELECT a.id, a.name, avg(r.stars) AS stars, count(*) AS reviews
  FROM active_products a
  JOIN reviews r ON r.product_id = a.id
 GROUP BY a.id, a.name
HAVING count(*) >= 5;
