"""What the page of one machine is put together from: one file per tab, and the figures behind them."""
