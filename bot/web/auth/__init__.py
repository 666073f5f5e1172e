"""Who somebody is: sign-in at Discord or an OpenID provider, the link between the two, and tokens of the provider."""
