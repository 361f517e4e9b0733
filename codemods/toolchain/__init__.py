"""The target's headers, packages and libraries, and the C++ units of a tree parsed against them."""
