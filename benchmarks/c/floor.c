/* The floor: the least that a fan-out over HTTP can cost.
 *
 * One thread, one epoll object. A GET becomes a subscriber; a POST is sent to every subscriber as one event,
 * with one send() each, before it is answered. No topics, no history, no credentials, no buffers: a subscriber
 * whose socket would block is dropped. Whatever a real server costs above this is what its features cost.
 *
 * usage: floor PORT        (binds 127.0.0.1; ends with SIGTERM)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 65536 /* file descriptors are the index */
#define REQUEST_BYTES 65536   /* the longest request, head and body */
#define BATCH 256

enum { PUBLISHER = -1, CLOSED = -2 };

struct connection {
    int place;     /* index into `subscribers`, or PUBLISHER, or CLOSED */
    size_t length; /* bytes of an unfinished request */
    char *request; /* made for publishers only */
};

static struct connection connections[MAX_CONNECTIONS];
static int subscribers[MAX_CONNECTIONS];
static int subscriber_count;
static int poller;

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n: open\n\n";
static const char published[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("floor: listen");
        exit(1);
    }
    return fd;
}

static void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void drop(int fd) {
    struct connection *gone = &connections[fd];
    if (gone->place >= 0) { /* the last subscriber takes the place of the one that left */
        int last = subscribers[--subscriber_count];
        subscribers[gone->place] = last;
        connections[last].place = gone->place;
    }
    free(gone->request);
    *gone = (struct connection){.place = CLOSED};
    close(fd);
}

static void accept_all(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_CONNECTIONS) {
            close(fd);
            continue;
        }
        connections[fd] = (struct connection){.place = PUBLISHER, .request = malloc(REQUEST_BYTES + 1)};
        watch(fd);
    }
}

static void subscribe(int fd) {
    struct connection *connection = &connections[fd];
    free(connection->request);
    connection->request = NULL;
    connection->place = subscriber_count;
    subscribers[subscriber_count++] = fd;
    send(fd, stream_head, sizeof stream_head - 1, MSG_NOSIGNAL);
}

/* One event for all subscribers. Backwards, because drop() moves the last one forward. */
static void broadcast(const char *body, int length) {
    static char event[REQUEST_BYTES + 16];
    int size = snprintf(event, sizeof event, "data: %.*s\n\n", length, body);
    for (int i = subscriber_count - 1; i >= 0; i--)
        if (send(subscribers[i], event, size, MSG_NOSIGNAL | MSG_DONTWAIT) != size)
            drop(subscribers[i]);
}

/* Takes one whole request off the front of the buffer; 0 when there is none (yet), -1 when it can't be one. */
static int take_request(int fd) {
    struct connection *connection = &connections[fd];
    connection->request[connection->length] = 0;
    char *head_end = strstr(connection->request, "\r\n\r\n");
    if (!head_end)
        return connection->length == REQUEST_BYTES ? -1 : 0;
    if (connection->request[0] == 'G') {
        subscribe(fd);
        return 0;
    }
    char *field = strcasestr(connection->request, "content-length:"), *body = head_end + 4;
    size_t length = field && field < body ? strtoul(field + 15, NULL, 10) : 0;
    size_t whole = body - connection->request + length;
    if (whole > REQUEST_BYTES)
        return -1;
    if (connection->length < whole)
        return 0;
    broadcast(body, (int)length);
    send(fd, published, sizeof published - 1, MSG_NOSIGNAL);
    connection->length -= whole;
    memmove(connection->request, connection->request + whole, connection->length);
    return 1;
}

static void receive(int fd) {
    struct connection *connection = &connections[fd];
    if (connection->place == CLOSED) /* dropped earlier in this batch of events */
        return;
    char ignored[512]; /* a subscriber says nothing, or goodbye */
    int subscribed = connection->place >= 0;
    char *into = subscribed ? ignored : connection->request + connection->length;
    ssize_t got = read(fd, into, subscribed ? sizeof ignored : REQUEST_BYTES - connection->length);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        drop(fd);
    if (got <= 0 || subscribed)
        return;
    connection->length += got;
    int taken;
    while ((taken = take_request(fd)) > 0)
        ;
    if (taken < 0)
        drop(fd);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: floor PORT\n");
        return 2;
    }
    poller = epoll_create1(0);
    int listener = listen_on(atoi(argv[1]));
    watch(listener);
    struct epoll_event events[BATCH];
    for (;;) {
        int ready = epoll_wait(poller, events, BATCH, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener);
            else
                receive(events[i].data.fd);
        }
    }
}
