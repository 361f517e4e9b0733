"""Three-way merges with upstream from the base that the content shows, losing nothing."""
