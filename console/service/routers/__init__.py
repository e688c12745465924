"""One module per noun of the API; each has a `router` of whole paths below `/api/v1`."""
