"""The C++ half of the inventory."""
