"""One file per page. A page says what it shows and which changes concern it; no page knows another."""
