// libnghttp2 1.52, the version of Debian 12: the one C header of the HTTP2 target.
#include <nghttp2/nghttp2.h>
