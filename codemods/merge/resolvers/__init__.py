"""Rules that resolve one hunk of a merge. Each is pure, and says None where it is not sure."""
