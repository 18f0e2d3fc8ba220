/* The load client: holds many SSE streams open on one thread, counts the events that reach them and how late.
 *
 * usage: load HOST PORT PATHS [HEADER]...
 *
 * PATHS is a path ("/sub"), or "@FILE" with one path a line: the n-th stream opens the n-th path, round and round.
 * HEADER is a whole line ("Authorization: Bearer ..."), sent with every request.
 *
 * It is told what to do on standard input and answers every command with one line of JSON:
 *   open N       opens N more streams, at most WINDOW of them waiting for their first byte
 *   close N      closes the N streams opened last
 *   reset        forgets counts and latencies
 *   await N MS   waits until N events have come since the reset, at most MS milliseconds, then reports
 * It ends at the end of its input, so that it never outlives its parent.
 *
 * An event is `"t":<digits>` somewhere in the stream: the CLOCK_REALTIME nanosecond at which it was published.
 * The search goes on across read boundaries, so it does not matter how a server chunks or splits its writes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_STREAMS 200000
#define PER_ADDRESS 20000 /* streams from one source address, well under its ephemeral ports */
#define WINDOW 64         /* opening streams in flight: under the listen backlog of every server */
#define OPEN_SECONDS 60   /* after that `open` gives up on streams that say nothing */
#define READ_BYTES (1 << 18)
#define BATCH 512
#define NO_STREAM UINT32_MAX /* standard input, in the poller */

/* ---- time and latencies ---------------------------------------------------------------------------------- */

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A log-linear histogram of microseconds: 32 steps to each doubling, so a value is right to within 1.6 %. */
#define STEPS 32
#define BUCKETS (STEPS * 40)
static uint64_t histogram[BUCKETS];
static int64_t highest_ns;

static int bucket_of(uint64_t us) {
    if (us < 2 * STEPS)
        return (int)us;
    int doubling = 58 - __builtin_clzll(us); /* 1 for 64..127, 2 for 128..255, ... */
    int bucket = STEPS * doubling + (int)(us >> doubling);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static double middle_of(int bucket) {
    if (bucket < 2 * STEPS)
        return bucket + 0.5;
    int doubling = bucket / STEPS - 1;
    return (bucket - STEPS * doubling + 0.5) * (double)(1ULL << doubling);
}

static void record(int64_t latency_ns) {
    if (latency_ns < 0)
        latency_ns = 0;
    if (latency_ns > highest_ns)
        highest_ns = latency_ns;
    histogram[bucket_of(latency_ns / 1000)]++;
}

static double percentile_ms(double share) {
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        all += histogram[i];
    for (int i = 0; i < BUCKETS && all; i++) {
        seen += histogram[i];
        if (seen >= share * all)
            return middle_of(i) / 1000;
    }
    return 0;
}

/* ---- streams --------------------------------------------------------------------------------------------- */

enum { OPENING, LIVE, REFUSED, GONE };

struct stream {
    int fd;
    uint8_t state;
    uint8_t matched; /* characters of MARK seen, or IN_DIGITS */
    int64_t stamp;   /* digits read so far */
};

static const char MARK[] = "\"t\":";
#define IN_DIGITS 4

static struct stream *streams;
static uint32_t stream_count;
static int poller;
static uint64_t events, bytes, opening, live, refused, closed;
static int64_t first_ns, last_ns;

static void count_event(int64_t stamp, int64_t now) {
    record(now - stamp);
    if (!events++)
        first_ns = now;
    last_ns = now;
}

/* How far MARK is matched after one more character (it begins with a quote, and its third is one too). */
static uint8_t matched_after(uint8_t matched, char c) {
    if (c == MARK[matched])
        return matched + 1;
    if (matched == 3 && c == 't')
        return 2;
    return c == '"';
}

static void search(struct stream *stream, const char *at, size_t length, int64_t now) {
    const char *end = at + length;
    while (at < end) {
        if (stream->matched == 0 && !(at = memchr(at, '"', end - at)))
            return;
        char c = *at++;
        if (stream->matched < IN_DIGITS) {
            stream->matched = matched_after(stream->matched, c);
            stream->stamp = 0;
        } else if (c >= '0' && c <= '9') {
            stream->stamp = stream->stamp * 10 + (c - '0');
        } else if (c != ' ' || stream->stamp) {
            if (stream->stamp)
                count_event(stream->stamp, now);
            stream->matched = c == '"';
        }
    }
}

static void end(struct stream *stream, uint8_t state) {
    if (stream->state == OPENING)
        opening--;
    if (stream->state == LIVE)
        live--;
    stream->state = state;
    close(stream->fd);
}

static void first_bytes(struct stream *stream, const char *answer, size_t length) {
    int ok = length >= 12 && !memcmp(answer, "HTTP/1.", 7) && !memcmp(answer + 8, " 200", 4);
    if (!ok) {
        refused++;
        end(stream, REFUSED);
        return;
    }
    opening--;
    live++;
    stream->state = LIVE;
}

static void receive(struct stream *stream) {
    static char buffer[READ_BYTES];
    if (stream->state > LIVE)
        return;
    ssize_t got = read(stream->fd, buffer, sizeof buffer);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        closed++;
        end(stream, GONE);
        return;
    }
    bytes += got;
    if (stream->state == OPENING)
        first_bytes(stream, buffer, got);
    search(stream, buffer, got, now_ns());
}

/* One turn of the poller. Says whether a command is waiting on standard input. */
static int turn(int timeout_ms) {
    struct epoll_event ready[BATCH];
    int count = epoll_wait(poller, ready, BATCH, timeout_ms), told = 0;
    for (int i = 0; i < count; i++) {
        if (ready[i].data.u32 == NO_STREAM)
            told = 1;
        else
            receive(&streams[ready[i].data.u32]);
    }
    return told;
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static struct sockaddr_in server;
static const char *host;
static char **paths, headers[4096];
static size_t path_count;

static int connect_from(uint32_t number) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct timeval patience = {.tv_sec = 10};
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / PER_ADDRESS);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (fd >= 0 && !bind(fd, (struct sockaddr *)&source, sizeof source) &&
        !connect(fd, (struct sockaddr *)&server, sizeof server))
        return fd;
    fprintf(stderr, "load: stream %u: %s\n", number, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_stream(void) {
    char request[8192];
    uint32_t number = stream_count;
    int fd = number < MAX_STREAMS ? connect_from(number) : -1;
    if (fd < 0)
        return -1;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: %s:%d\r\nAccept: text/event-stream\r\n%s\r\n",
                          paths[number % path_count], host, ntohs(server.sin_port), headers);
    if (write(fd, request, length) != length) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    streams[number] = (struct stream){.fd = fd, .state = OPENING};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    stream_count++;
    opening++;
    return 0;
}

static void open_streams(uint32_t wanted) {
    int64_t begun = now_ns(), deadline = begun + OPEN_SECONDS * 1000000000LL;
    uint64_t refused_before = refused;
    int failed = 0;
    for (uint32_t i = 0; i < wanted && !failed; i++) {
        failed = open_stream();
        while (opening >= WINDOW && now_ns() < deadline)
            turn(10);
        failed |= now_ns() >= deadline;
    }
    while (opening && now_ns() < deadline)
        turn(10);
    printf("{\"live\":%lu,\"refused\":%lu,\"silent\":%lu,\"closed\":%lu,\"seconds\":%.6f}\n", live,
           refused - refused_before, opening, closed, (now_ns() - begun) / 1e9);
}

static void close_streams(uint32_t wanted) {
    for (; wanted && stream_count; wanted--) {
        struct stream *stream = &streams[--stream_count];
        if (stream->state <= LIVE)
            end(stream, GONE);
    }
    printf("{\"live\":%lu}\n", live);
}

/* ---- commands -------------------------------------------------------------------------------------------- */

static void reset(void) {
    memset(histogram, 0, sizeof histogram);
    highest_ns = 0;
    events = bytes = closed = 0;
    first_ns = last_ns = 0;
    printf("{}\n");
}

static void await(uint64_t wanted, int64_t patience_ms) {
    int64_t deadline = now_ns() + patience_ms * 1000000LL;
    while (events < wanted && now_ns() < deadline)
        turn(20);
    printf("{\"events\":%lu,\"bytes\":%lu,\"seconds\":%.6f,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,"
           "\"live\":%lu,\"closed\":%lu}\n",
           events, bytes, (last_ns - first_ns) / 1e9, percentile_ms(0.50), percentile_ms(0.99), highest_ns / 1e6,
           live, closed);
}

static void run_command(void) {
    char line[128], word[16] = "";
    unsigned long first = 0, second = 0;
    if (!fgets(line, sizeof line, stdin))
        exit(0);
    sscanf(line, "%15s %lu %lu", word, &first, &second);
    if (!strcmp(word, "open"))
        open_streams(first);
    else if (!strcmp(word, "close"))
        close_streams(first);
    else if (!strcmp(word, "reset"))
        reset();
    else if (!strcmp(word, "await"))
        await(first, second);
    else
        printf("{\"error\":\"unknown command\"}\n");
    fflush(stdout);
}

/* ---- start ----------------------------------------------------------------------------------------------- */

static void read_paths(const char *argument) {
    paths = calloc(MAX_STREAMS, sizeof *paths);
    if (argument[0] != '@') {
        paths[path_count++] = strdup(argument);
        return;
    }
    FILE *file = fopen(argument + 1, "r");
    char line[4096];
    while (file && path_count < MAX_STREAMS && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        paths[path_count++] = strdup(line);
    }
    if (!path_count) {
        fprintf(stderr, "load: no paths in %s\n", argument + 1);
        exit(2);
    }
}

static void read_headers(int count, char **lines) {
    size_t length = 0;
    for (int i = 0; i < count && length < sizeof headers; i++)
        length += snprintf(headers + length, sizeof headers - length, "%s\r\n", lines[i]);
    if (length >= sizeof headers) {
        fprintf(stderr, "load: headers too long\n");
        exit(2);
    }
}

/* As many file descriptors as this user may have: root may go over its own hard limit. */
static void raise_limit(void) {
    struct rlimit limit = {MAX_STREAMS + 100, MAX_STREAMS + 100};
    if (!setrlimit(RLIMIT_NOFILE, &limit) || getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: load HOST PORT PATH|@FILE [HEADER]...\n");
        return 2;
    }
    host = argv[1];
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (inet_pton(AF_INET, host, &server.sin_addr) != 1 || ntohl(server.sin_addr.s_addr) >> 24 != 127) {
        fprintf(stderr, "load: loopback addresses only\n");
        return 2;
    }
    read_paths(argv[3]);
    read_headers(argc - 4, argv + 4);
    raise_limit();
    streams = calloc(MAX_STREAMS, sizeof *streams);
    poller = epoll_create1(0);
    setvbuf(stdin, NULL, _IONBF, 0); /* a command waits in the pipe, where the poller sees it */
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = NO_STREAM};
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;)
        if (turn(-1))
            run_command();
}
