"""The store on ClickHouse: `nodes` asks one of its addresses, `tables` makes and grows them, `engine` is the Store."""
