/* The C provider of the hubs libuv and libev: the poller that eventlet/hubs/_loop.py describes.

   One source, compiled once with -DEVENTLET_UV (module _libuv_c) and once with -DEVENTLET_EV (module _libev_c),
   for the limited API of Python 3.9.

   The library's callbacks only note down (fd, events), in arrays that are as long as the table of fds, so that nothing
   has to be allocated there. The GIL is held whenever the library runs, except while it sleeps in the kernel: then other
   threads may start and stop watchers, which both libraries allow. */

#ifndef Py_GIL_DISABLED
#define Py_LIMITED_API 0x03090000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef EVENTLET_UV
#include <uv.h>
#define MODULE_NAME "eventlet.hubs._libuv_c"
#define MODULE_INIT PyInit__libuv_c
#else
#include <ev.h>
#define MODULE_NAME "eventlet.hubs._libev_c"
#define MODULE_INIT PyInit__libev_c
#endif

/* Not Py_RETURN_NONE: from the headers of Python 3.12 it does not count, as None is immortal there, and a module that was
 * built with those may be loaded by an older Python, where None is not. */
static PyObject *none(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

/* Event bits as poll(2) has them: see hubs/_readiness.py. */
enum { READABLE = 1, WRITABLE = 4, BROKEN = 8 };

struct Poller;

typedef struct {
#ifdef EVENTLET_UV
    uv_poll_t io; /* comes first: a handle is its watcher */
#else
    ev_io io;
#endif
    struct Poller *poller;
    int fd;
    int events;  /* what is asked for */
    int stopped; /* by the library, because of an error: to be started again if the fd is still open */
#ifdef EVENTLET_UV
    int in_set;  /* a run has put the file into the kernel's set; it is this one: */
    dev_t device;
    ino_t inode;
#endif
} Watcher;

typedef struct {
    Watcher *watcher;
    int found;     /* events that the present poll has found */
    int unchecked; /* whether the fd is in `unchecked` */
} Slot;

typedef struct Poller {
    PyObject_HEAD
    /* Three arrays of `capacity`: by fd, and two lists of fds. */
    Slot *slots;
    int *found;
    int *unchecked; /* started since the last run: both libraries abort if such an fd is closed by then */
    int capacity, found_count, unchecked_count;
    int is_open, is_polling, close_wanted;
    pid_t pid;
#ifdef EVENTLET_UV
    uv_loop_t loop;
    int has_closing; /* handles that the next run frees */
    int is_stale;    /* the kernel's set may hold a file that has lost its number */
    long renewals;   /* how often the kernel's set was replaced */
#else
    struct ev_loop *loop;
    ev_timer timer;
    PyThreadState *thread_state;
#endif
} Poller;

static void note_found(Poller *self, int fd, int events)
{
    Slot *slot = &self->slots[fd];
    if (slot->found == 0)
        self->found[self->found_count++] = fd;
    slot->found |= events;
}

static void note_unchecked(Poller *self, int fd)
{
    Slot *slot = &self->slots[fd];
    if (!slot->unchecked) {
        slot->unchecked = 1;
        self->unchecked[self->unchecked_count++] = fd;
    }
}

static void note_stopped(Watcher *watcher)
{
    watcher->stopped = 1;
    note_unchecked(watcher->poller, watcher->fd);
    note_found(watcher->poller, watcher->fd, BROKEN);
}

/* ---- the part of each library. Errors are returned as a negative errno. */

#ifdef EVENTLET_UV

static void on_io(uv_poll_t *handle, int status, int events)
{
    Watcher *watcher = (Watcher *)handle;
    if (status < 0) {
        note_stopped(watcher);
        return;
    }
    int found = ((events & UV_READABLE) ? READABLE : 0) | ((events & UV_WRITABLE) ? WRITABLE : 0);
    if (found != 0)
        note_found(watcher->poller, watcher->fd, found);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static int library_open(Poller *self, unsigned int flags)
{
    (void)flags;
    return uv_loop_init(&self->loop);
}

static int watcher_init(Watcher *watcher)
{
    /* libuv makes the file non-blocking, which is not its business: others may share it. */
    int flags = fcntl(watcher->fd, F_GETFL);
    if (flags < 0)
        return -errno;
    int error = uv_poll_init(&watcher->poller->loop, &watcher->io, watcher->fd);
    if (error == 0 && !(flags & O_NONBLOCK))
        fcntl(watcher->fd, F_SETFL, flags);
    return error;
}

static int watcher_start(Watcher *watcher)
{
    int events = ((watcher->events & READABLE) ? UV_READABLE : 0) | ((watcher->events & WRITABLE) ? UV_WRITABLE : 0);
    return uv_poll_start(&watcher->io, events, on_io);
}

static void watcher_free(Watcher *watcher)
{
    struct stat status;
    if (watcher->in_set && (fstat(watcher->fd, &status) < 0 || status.st_dev != watcher->device || status.st_ino != watcher->inode))
        watcher->poller->is_stale = 1;
    /* The handle is stopped now, and freed by the next run. */
    watcher->poller->has_closing = 1;
    uv_close((uv_handle_t *)&watcher->io, on_closed);
}

static void watcher_checked(Watcher *watcher, const struct stat *status)
{
    watcher->in_set = 1;
    watcher->device = status->st_dev;
    watcher->inode = status->st_ino;
}

static int library_after_fork(Poller *self)
{
    self->renewals++;
    return uv_loop_fork(&self->loop);
}

static void library_close(Poller *self)
{
    while (uv_loop_close(&self->loop) == UV_EBUSY)
        uv_run(&self->loop, UV_RUN_NOWAIT);
}

#else

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
    Watcher *watcher = (Watcher *)io->data;
    (void)loop;
    if (events & EV_ERROR) {
        note_stopped(watcher);
        return;
    }
    int found = ((events & EV_READ) ? READABLE : 0) | ((events & EV_WRITE) ? WRITABLE : 0);
    if (found != 0)
        note_found(watcher->poller, watcher->fd, found);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
}

static void release_gil(struct ev_loop *loop)
{
    ((Poller *)ev_userdata(loop))->thread_state = PyEval_SaveThread();
}

static void acquire_gil(struct ev_loop *loop)
{
    PyEval_RestoreThread(((Poller *)ev_userdata(loop))->thread_state);
}

static int library_open(Poller *self, unsigned int flags)
{
    if (flags == 0)
        /* libev recommends neither of the two, unless it was built to: the one is unsafe after fork(), both are slower. */
        flags = ev_recommended_backends() & ~(unsigned int)(EVBACKEND_LINUXAIO | EVBACKEND_IOURING);
    else if ((flags & ev_supported_backends()) == 0)
        return -ENOTSUP;
    /* Not the default loop: that one takes SIGCHLD. */
    self->loop = ev_loop_new(flags | EVFLAG_NOENV);
    if (self->loop == NULL)
        return -ENOTSUP;
    ev_set_userdata(self->loop, self);
    ev_set_loop_release_cb(self->loop, release_gil, acquire_gil);
    ev_timer_init(&self->timer, on_timer, 0., 0.);
    ev_ref(self->loop); /* a loop without watchers would not wait */
    return 0;
}

static int watcher_init(Watcher *watcher)
{
    if (fcntl(watcher->fd, F_GETFD) < 0)
        return -errno;
    ev_io_init(&watcher->io, on_io, watcher->fd, 0);
    watcher->io.data = watcher;
    return 0;
}

static int watcher_start(Watcher *watcher)
{
    int events = ((watcher->events & READABLE) ? EV_READ : 0) | ((watcher->events & WRITABLE) ? EV_WRITE : 0);
    ev_io_stop(watcher->poller->loop, &watcher->io);
    ev_io_set(&watcher->io, watcher->fd, events);
    ev_io_start(watcher->poller->loop, &watcher->io);
    return 0;
}

static void watcher_checked(Watcher *watcher, const struct stat *status)
{
    (void)watcher, (void)status; /* libev finds out by itself what is in the kernel's set by mistake */
}

static void watcher_free(Watcher *watcher)
{
    ev_io_stop(watcher->poller->loop, &watcher->io);
    free(watcher);
}

static int library_after_fork(Poller *self)
{
    ev_loop_fork(self->loop);
    return 0;
}

static void library_close(Poller *self)
{
    ev_loop_destroy(self->loop);
}

#endif

/* ---- the table of fds */

static Watcher *watcher_of(Poller *self, int fd)
{
    return fd >= 0 && fd < self->capacity ? self->slots[fd].watcher : NULL;
}

static void forget(Poller *self, int fd)
{
    Watcher *watcher = watcher_of(self, fd);
    if (watcher != NULL) {
        self->slots[fd].watcher = NULL;
        watcher_free(watcher);
    }
}

static void forget_all(Poller *self)
{
    int fd;
    for (fd = 0; fd < self->capacity; fd++)
        forget(self, fd);
}

/* Let there be a slot for `fd`; -1 without memory, and then nothing has changed. */
static int make_room(Poller *self, int fd)
{
    int capacity = self->capacity ? self->capacity : 64;
    if (fd < self->capacity)
        return 0;
    while (capacity <= fd) {
        if (capacity > INT_MAX / 2)
            return -1;
        capacity *= 2;
    }
    int *found = realloc(self->found, (size_t)capacity * sizeof(int));
    if (found == NULL)
        return -1;
    self->found = found;
    int *unchecked = realloc(self->unchecked, (size_t)capacity * sizeof(int));
    if (unchecked == NULL)
        return -1;
    self->unchecked = unchecked;
    Slot *slots = realloc(self->slots, (size_t)capacity * sizeof(Slot));
    if (slots == NULL)
        return -1;
    memset(slots + self->capacity, 0, (size_t)(capacity - self->capacity) * sizeof(Slot));
    self->slots = slots;
    self->capacity = capacity;
    return 0;
}

/* Look at what was started since the last run: forget what is closed by now, and report it. */
static void check(Poller *self)
{
    int i, count;
#ifdef EVENTLET_EV
    if (ev_backend(self->loop) & (EVBACKEND_SELECT | EVBACKEND_POLL)) /* an fd that was closed later makes these abort, too */
        for (i = 0; i < self->capacity; i++)
            if (self->slots[i].watcher != NULL)
                note_unchecked(self, i);
#endif
    count = self->unchecked_count;
    self->unchecked_count = 0;
    for (i = 0; i < count; i++) {
        int fd = self->unchecked[i];
        Watcher *watcher = self->slots[fd].watcher;
        struct stat status;
        self->slots[fd].unchecked = 0;
        if (watcher == NULL)
            continue;
        if (fstat(fd, &status) < 0 || (watcher->stopped && watcher_start(watcher) < 0)) {
            forget(self, fd);
            note_found(self, fd, BROKEN);
        }
        else {
            watcher->stopped = 0;
            watcher_checked(watcher, &status);
        }
    }
}

static PyObject *raise_error(int error)
{
    errno = -error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

static int require_open(Poller *self)
{
    if (!self->is_open)
        PyErr_SetString(PyExc_ValueError, "the poller is closed");
    return self->is_open;
}

static PyObject *poller_watch(Poller *self, PyObject *arguments)
{
    int fd, events, error;
    Watcher *watcher;
    if (!PyArg_ParseTuple(arguments, "ii:watch", &fd, &events) || !require_open(self))
        return NULL;
    events &= READABLE | WRITABLE;
    if (events == 0) {
        forget(self, fd);
        return none();
    }
    if (fd < 0)
        return raise_error(-EBADF);
    watcher = watcher_of(self, fd);
    if (watcher == NULL) {
        if (make_room(self, fd) < 0)
            return PyErr_NoMemory();
        watcher = calloc(1, sizeof(Watcher));
        if (watcher == NULL)
            return PyErr_NoMemory();
        watcher->poller = self;
        watcher->fd = fd;
        error = watcher_init(watcher);
        if (error < 0) {
            free(watcher);
            return raise_error(error);
        }
        self->slots[fd].watcher = watcher;
    }
    else if (watcher->events == events)
        return none();
    watcher->events = events;
    watcher->stopped = 0;
    error = watcher_start(watcher);
    if (error < 0) {
        forget(self, fd);
        return raise_error(error);
    }
    note_unchecked(self, fd);
    return none();
}

/* ---- polling. A negative `seconds` means: until something happens. */

#ifdef EVENTLET_UV

/* Make a new set in the kernel. The old one holds a file that was closed behind our back while a copy of it is open
   elsewhere: it cannot be taken out without its number, would be reported for whoever has that number now, and otherwise
   keep us from sleeping. */
static int start_over(Poller *self)
{
    int fd, error = library_after_fork(self);
    if (error < 0) {
        raise_error(error);
        return -1;
    }
    self->is_stale = 0;
    for (fd = 0; fd < self->capacity; fd++)
        if (self->slots[fd].watcher != NULL)
            note_unchecked(self, fd);
    return 0;
}

/* Let libuv note what there is, without waiting. */
static int run(Poller *self)
{
    if (self->is_stale && start_over(self) < 0)
        return -1;
    check(self);
    self->has_closing = 0;
    uv_run(&self->loop, UV_RUN_NOWAIT);
    return 0;
}

/* Not uv_run(UV_RUN_ONCE): it would swallow EINTR, and with it Ctrl-C; it would need a timer, which blocks for ever if it
   is due already; and it would have to run without the GIL, so that no other thread could stop a watcher. */
static int wait_and_run(Poller *self, double seconds)
{
    struct pollfd backend = {-1, POLLIN, 0};
    int milliseconds, ready, error;
    if (seconds == 0. || self->unchecked_count > 0 || self->has_closing || self->is_stale) {
        if (run(self) < 0)
            return -1;
        if (seconds == 0. || self->found_count > 0)
            return 0;
    }
    backend.fd = uv_backend_fd(&self->loop);
    milliseconds = seconds < 0. ? -1 : seconds > 1e6 ? 1000000000 : (int)ceil(seconds * 1000.);
    Py_BEGIN_ALLOW_THREADS
    ready = poll(&backend, 1, milliseconds);
    error = errno;
    Py_END_ALLOW_THREADS
    if (ready < 0) {
        if (error == EINTR)
            return PyErr_CheckSignals();
        raise_error(-error);
        return -1;
    }
    if (ready > 0) {
        if (run(self) < 0)
            return -1;
        if (self->found_count == 0 && poll(&backend, 1, 0) > 0)
            self->is_stale = 1; /* an event for nobody */
    }
    return 0;
}

#else

static int wait_and_run(Poller *self, double seconds)
{
    check(self);
    if (seconds == 0. || self->found_count > 0) {
        ev_run(self->loop, EVRUN_NOWAIT);
        return 0;
    }
    if (seconds > 0.) {
        ev_now_update(self->loop); /* or the time since the last run would count as waited */
        ev_timer_set(&self->timer, seconds, 0.);
        ev_timer_start(self->loop, &self->timer);
    }
    ev_run(self->loop, EVRUN_ONCE);
    ev_timer_stop(self->loop, &self->timer);
    return self->found_count > 0 ? 0 : PyErr_CheckSignals();
}

#endif

static PyObject *take_found(Poller *self)
{
    int i, count = self->found_count;
    PyObject *list = PyList_New(count);
    if (list == NULL)
        return NULL;
    for (i = 0; i < count; i++) {
        PyObject *fd = PyLong_FromLong(self->found[i]);
        PyObject *events = PyLong_FromLong(self->slots[self->found[i]].found);
        PyObject *pair = PyTuple_New(2);
        if (fd == NULL || events == NULL || pair == NULL) {
            Py_XDECREF(fd);
            Py_XDECREF(events);
            Py_XDECREF(pair);
            Py_DECREF(list);
            return NULL;
        }
        PyTuple_SetItem(pair, 0, fd);
        PyTuple_SetItem(pair, 1, events);
        PyList_SetItem(list, i, pair);
    }
    return list;
}

static void close_library(Poller *self)
{
    if (!self->is_open)
        return;
    self->is_open = 0;
    if (self->pid != getpid())
        /* A forked child ends the hub of one of its parent's threads. Stopping watchers must not reach the parent's set. */
        library_after_fork(self);
    forget_all(self);
    library_close(self);
}

static PyObject *poller_poll(Poller *self, PyObject *argument)
{
    double seconds = -1.;
    PyObject *list = NULL;
    int i;
    if (argument != Py_None) {
        seconds = PyFloat_AsDouble(argument);
        if (seconds == -1. && PyErr_Occurred())
            return NULL;
        if (!(seconds > 0.))
            seconds = 0.;
    }
    if (!require_open(self))
        return NULL;
    if (self->is_polling) {
        PyErr_SetString(PyExc_RuntimeError, "the poller is polling already");
        return NULL;
    }
    self->is_polling = 1;
    if (wait_and_run(self, seconds) == 0)
        list = take_found(self);
    for (i = 0; i < self->found_count; i++)
        self->slots[self->found[i]].found = 0;
    self->found_count = 0;
    self->is_polling = 0;
    if (self->close_wanted)
        close_library(self);
    return list;
}

static PyObject *poller_after_fork(Poller *self, PyObject *unused)
{
    int error;
    (void)unused;
    if (!require_open(self))
        return NULL;
    self->is_polling = 0;
    error = library_after_fork(self); /* first, so that what follows does not reach the parent's set */
    if (error < 0)
        return raise_error(error);
    self->pid = getpid();
    forget_all(self);
    return none();
}

static PyObject *poller_close(Poller *self, PyObject *unused)
{
    (void)unused;
    if (self->is_polling && self->pid == getpid())
        self->close_wanted = 1; /* another thread closes us: at the end of the poll */
    else
        close_library(self);
    return none();
}

static PyObject *poller_backend(Poller *self, PyObject *unused)
{
    (void)unused;
    if (!require_open(self))
        return NULL;
#ifdef EVENTLET_UV
    return PyLong_FromLong(0);
#else
    return PyLong_FromUnsignedLong(ev_backend(self->loop));
#endif
}

#ifdef EVENTLET_UV

static PyObject *poller_fileno(Poller *self, PyObject *unused)
{
    (void)unused;
    return require_open(self) ? PyLong_FromLong(uv_backend_fd(&self->loop)) : NULL;
}

static PyObject *poller_renewals(Poller *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->renewals);
}

static PyObject *poller_has_changes(Poller *self, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(self->unchecked_count > 0);
}

#endif

static PyObject *poller_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    unsigned int flags = 0;
    int error;
    Poller *self;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "|I:Poller", &flags))
        return NULL;
    self = (Poller *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL)
        return NULL;
    error = library_open(self, flags);
    if (error < 0) {
        Py_DECREF(self);
        return raise_error(error);
    }
    self->is_open = 1;
    self->pid = getpid();
    return (PyObject *)self;
}

static void poller_dealloc(Poller *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    close_library(self);
    free(self->slots);
    free(self->found);
    free(self->unchecked);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef poller_methods[] = {
    {"watch", (PyCFunction)poller_watch, METH_VARARGS, PyDoc_STR("watch(fd, events): report fd while ready; 0 forgets it.")},
    {"poll", (PyCFunction)poller_poll, METH_O, PyDoc_STR("poll(seconds): wait; return a list of (fd, events).")},
    {"after_fork", (PyCFunction)poller_after_fork, METH_NOARGS, PyDoc_STR("Begin anew in a forked child.")},
    {"close", (PyCFunction)poller_close, METH_NOARGS, PyDoc_STR("Release the loop.")},
    {"backend", (PyCFunction)poller_backend, METH_NOARGS, PyDoc_STR("libev's number of the backend in use.")},
#ifdef EVENTLET_UV
    {"fileno", (PyCFunction)poller_fileno, METH_NOARGS, PyDoc_STR("The fd of the kernel's set.")},
    {"renewals", (PyCFunction)poller_renewals, METH_NOARGS, PyDoc_STR("How often that was replaced.")},
    {"has_changes", (PyCFunction)poller_has_changes, METH_NOARGS, PyDoc_STR("Whether watches wait for the next poll.")},
#endif
    {NULL, NULL, 0, NULL},
};

static PyType_Slot poller_slots[] = {
    {Py_tp_new, (void *)poller_new},
    {Py_tp_dealloc, (void *)poller_dealloc},
    {Py_tp_methods, (void *)poller_methods},
    {0, NULL},
};

static PyType_Spec poller_spec = {MODULE_NAME ".Poller", sizeof(Poller), 0, Py_TPFLAGS_DEFAULT, poller_slots};

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&poller_spec);
    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Poller", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
#ifdef EVENTLET_UV
    return PyModule_AddStringConstant(module, "version", uv_version_string());
#else
    PyObject *version = PyUnicode_FromFormat("%d.%d", ev_version_major(), ev_version_minor());
    if (version == NULL || PyModule_AddObject(module, "version", version) < 0) {
        Py_XDECREF(version);
        return -1;
    }
    return 0;
#endif
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, MODULE_NAME, NULL, 0, NULL, module_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC MODULE_INIT(void)
{
    return PyModuleDef_Init(&module_definition);
}
