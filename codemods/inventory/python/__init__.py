"""The Python half of the inventory."""
