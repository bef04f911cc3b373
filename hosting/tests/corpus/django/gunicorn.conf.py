"""As on platforms with a router in front: the port in PORT, shared by the workers."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
reuse_port = True
