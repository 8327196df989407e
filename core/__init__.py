"""The business: no Streamlit, no HTTP, no scheduler, no vendor SDK."""
