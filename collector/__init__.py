"""The program on the server: MQTT to checked reading to store to ack."""
