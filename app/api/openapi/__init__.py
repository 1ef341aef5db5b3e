"""The description of the REST interface: the OpenAPI document, and the pages of the documentation that are made from the code."""
