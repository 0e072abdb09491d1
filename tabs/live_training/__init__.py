"""The first tab: models of several families learn live."""
