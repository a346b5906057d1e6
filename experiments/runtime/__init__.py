"""The process that trains: packages, devices, hosts, signals, threads."""
