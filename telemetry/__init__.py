"""The contract of Sinyal: what is measured, in which unit, and how it travels. Pure: no serial, MQTT or database here."""
