"""Public clients of AFAS as drivers, unmodified, and what the suite saw on them."""
