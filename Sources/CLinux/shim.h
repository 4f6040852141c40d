// Linux system calls that the Glibc module map leaves out or that Swift imports badly.
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

/* In glibc only under _GNU_SOURCE, which would disagree with Swift's own build of the headers. */
extern int accept4(int, struct sockaddr *, socklen_t *, int);

/* The next connection of a listening socket: non-blocking, closed on exec. -1 and errno when there is none. */
static inline int accept_nonblocking(int listener) {
  return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* The name that ps and top show, at most 15 bytes. */
#include <sys/prctl.h>
static inline void name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Who is at the other end of a connected Unix socket; SO_PEERCRED's struct is in glibc only under _GNU_SOURCE. */
struct switchover_peer_credentials { int process; unsigned int user; unsigned int group; };
static inline int switchover_read_peer_credentials(int socket, struct switchover_peer_credentials *credentials) {
  socklen_t length = sizeof *credentials;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}
