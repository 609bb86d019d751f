"""The steps by which the record's tables came to be; run by :mod:`bot.record.migrating`."""
