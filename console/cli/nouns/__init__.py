"""One module or package per noun of the command line; each has an `app` with its verbs."""
