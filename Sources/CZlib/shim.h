// zlib: its functions for setting up a stream are macros, which Swift does not see.
#include <zlib.h>

// A window of 32 KiB, the largest; 16 more for gzip's head and tail (RFC 1952).
enum { switchover_gzip_window = 15 + 16 };

// 32 more: zlib tells gzip's head from its own (RFC 1950).
static inline int switchover_inflate_init(z_stream *stream) {
  return inflateInit2(stream, 15 + 32);
}

static inline int switchover_deflate_init(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, switchover_gzip_window, 8, Z_DEFAULT_STRATEGY);
}
