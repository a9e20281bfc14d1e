"""The DynamoDB table that knows every drop."""
