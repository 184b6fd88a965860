"""What keeps the server: install, backup, restore, health, the account of the fleet, settings of halls."""
