"""What a test suite needs: a server of its own, private environments of it, and what to show when a test fails."""
