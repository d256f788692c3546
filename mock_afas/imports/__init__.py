"""GetConnectors from elsewhere: what is uploaded is read, checked, and mapped to the rows of our books."""
