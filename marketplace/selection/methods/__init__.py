"""The methods of choosing, each a pure computation: no session, no request, no clock."""
