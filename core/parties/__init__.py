"""Legal entities, customers, products, exchange rates, and the links to other systems."""
