"""Reports, cases, claims, stored trails, orders and their answers."""
