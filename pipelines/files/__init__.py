"""Files and archives: fetched, checked, decoded, replaced whole."""
