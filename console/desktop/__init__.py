"""The Console: windows, pages, wizards. The only package that knows Qt; what it shows comes through `client`."""
