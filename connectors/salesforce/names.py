"""What Salesforce is called in records."""

SOURCE = "salesforce"
