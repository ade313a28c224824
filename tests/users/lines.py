"""Line by line: who uses what, and the test that holds it; or the module that does not exist yet.

`test_lines.py` fails if a test is gone, and if a module is there by now that lines still wait for.
"""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """`who` uses `what`. `test` is a function of tests/users, as "file: function", or "" if `waits_for` a module."""

    who: str
    what: str
    test: str = ""
    waits_for: str = ""


#: Module that is not there → the piece of work that will bring it.
MISSING = {
    "eventlet.wsgi": "the WSGI server",
    "eventlet.websocket": "WebSockets",
    "eventlet.backdoor": "the tools: backdoor, debug",
}

_KEYWORDS = (
    Line("many", "GreenPool(size=)", "keywords: test_GreenPool_size"),
    Line("many", "listen(backlog=, family=, reuse_port=)", "keywords: test_listen_backlog_family_reuse_port"),
    Line(
        "many",
        "wsgi.server(log=, custom_pool=, debug=, keepalive=, socket_timeout=, url_length_limit=, log_output=, "
        "max_size=, log_format=, protocol=, capitalize_response_headers=)",
        waits_for="eventlet.wsgi",
    ),
    Line("oslo.service", "spawn(func=, sock=, site=, ...)", "keywords: test_spawn_with_everything_as_keywords"),
    Line("nameko", "wsgi.Server(sock, address, app, protocol=, debug=, log=)", waits_for="eventlet.wsgi"),
    Line("many", "monkey_patch(os=, time=, thread=, socket=, select=, all=)", "keywords: test_monkey_patch_arguments"),
    Line("many", "wrap_ssl(certfile=, keyfile=, server_side=)", "keywords: test_wrap_ssl"),
    Line(
        "glance, heat, senlin",
        "green.ssl.wrap_socket(certfile=, keyfile=, cert_reqs=, ca_certs=)",
        "keywords: test_green_ssl_wrap_socket",
    ),
    Line("many", "Timeout(seconds=, exception=)", "keywords: test_Timeout_seconds_exception"),
    Line("many", "trampoline(read=, write=)", "keywords: test_trampoline_read_write"),
    Line("nova, cinder", "tpool.Proxy(autowrap=)", "keywords: test_Proxy_autowrap"),
    Line("many", "tpool.execute(f, timeout=): passed through", "keywords: test_execute_passes_timeout_through"),
    Line("many", "LightQueue(maxsize=)", "keywords: test_LightQueue_maxsize"),
    Line("many", "pools.Pool(max_size=)", "keywords: test_Pool_max_size"),
    Line("many", "spawn(f, locals=), spawn_n(f, locals=)", "keywords: test_spawn_locals"),
    Line("many", "Semaphore(value=)", "keywords: test_Semaphore_value"),
    Line("kazoo", "green.threading.Condition(lock=)", "keywords: test_green_Condition_lock"),
    Line("most", "the names that are imported most", "keywords: test_what_most_projects_import_is_there"),
    Line("many", "wsgi.MAX_HEADER_LINE, wsgi.server", waits_for="eventlet.wsgi"),
)

_BASE_CLASSES = (
    Line("swift", "Timeout: __init__(self, seconds=), __str__", "base_classes: test_Timeout"),
    Line(
        "swift",
        "GreenPool: RestrictedGreenPool overrides spawn_n",
        "base_classes: test_GreenPool_that_runs_one_at_a_time",
    ),
    Line(
        "swift",
        "GreenPool: ContextPool kills coroutines_running",
        "base_classes: test_GreenPool_whose_green_threads_are_killed",
    ),
    Line("many", "pools.Pool: create, put, get, item, max_size", "base_classes: test_Pool"),
    Line(
        "swift, neutron, nova, nameko",
        "wsgi.HttpProtocol: __init__(conn_state, server), finish, parse_request, get_environ, _read_request_line, "
        "handle_one_request, send_error, log_request, log_message, MessageClass, default_request_version, "
        "reject_bad_requests, conn_state[2]",
        waits_for="eventlet.wsgi",
    ),
    Line(
        "python-engineio",
        "websocket.WebSocketWSGI: __init__(handler, max_frame_length=), __call__",
        waits_for="eventlet.websocket",
    ),
    Line(
        "swift",
        "green.httplib.HTTPConnection, HTTPResponse; _UNKNOWN, ImproperConnectionState, _MAXHEADERS =",
        "base_classes: test_HTTPConnection_and_HTTPResponse",
    ),
)

_INTERNALS = (
    Line(
        "celery",
        "pool.size =, pool.sem.release(), pool.sem.counter -=, pool.free(), pool.running()",
        "celery: test_the_pool_grows_and_shrinks",
    ),
    Line(
        "celery",
        "gt.link(f, *a), gt.cancel(), attributes of a GreenThread: entry, eta, canceled",
        "celery: test_a_timer_of_green_threads",
    ),
    Line("celery", "gt.kill(), id(getcurrent()) as pid", "celery: test_a_task_is_killed_by_its_pid"),
    Line("gunicorn", "eventlet.__version__", "gunicorn: test_the_version_can_be_compared"),
    Line("gunicorn", "GreenSocket(sock), .setblocking(1)", "gunicorn: test_the_listening_socket_is_adopted"),
    Line("gunicorn", "hubs.use_hub(), monkey_patch() after fork", "gunicorn: test_after_the_fork_a_hub_and_patching"),
    Line("gunicorn", "wsgi.WSGI_LOCAL.already_handled, wsgi.ALREADY_HANDLED", waits_for="eventlet.wsgi"),
    Line("gunicorn", "gt.link(f, server_gt, conn)", "gunicorn: test_link_with_the_server_and_the_connection"),
    Line(
        "gunicorn",
        "greenthread.kill(g, *exc_info), a.kill(StopServe())",
        "gunicorn: test_kill_with_exc_info",
    ),
    Line("gunicorn", "a.kill(StopServe()) of what serves", "gunicorn: test_serve_ends_quietly_by_StopServe"),
    Line("gunicorn", "sleep(0.0)", "gunicorn: test_sleep_0_lets_others_run"),
    Line("gunicorn", "eventlet.greenpool as attribute", "gunicorn: test_greenpool_is_an_attribute"),
    Line(
        "oslo.service",
        "OSError(EINTR) from a signal handler in the frame do_poll of the file of hub.__module__",
        "oslo: test_a_signal_handler_may_interrupt_do_poll_with_EINTR",
    ),
    Line("oslo.service", "the same: which frame that is", "oslo: test_it_finds_do_poll_on_the_hubs_over_pollers"),
    Line("oslo.service", "hubs.poll.sleep =", "oslo: test_the_module_poll_can_be_given_a_sleep"),
    Line("oslo.service", "GreenPipe(fd, 'r')", "oslo: test_GreenPipe_of_an_fd"),
    Line("oslo.service", "backdoor.backdoor_server(sock, locals=)", waits_for="eventlet.backdoor"),
    Line(
        "oslo.service",
        "pool.resize(0), server_gt.kill(), eventlet.greenlet.GreenletExit",
        "oslo: test_a_server_is_stopped",
    ),
    Line("swift", "get_hub().debug_exceptions, debug.hub_exceptions", "swift: test_debug_exceptions_of_the_hub"),
    Line(
        "swift",
        "hub.schedule_call_global(0, gt.throw, error)",
        "swift: test_an_exception_is_thrown_into_a_green_thread_by_the_hub",
    ),
    Line(
        "swift",
        "debug.hub_prevent_multiple_readers(False), trampoline from several OS threads on one pipe",
        "swift: test_several_OS_threads_wait_for_one_pipe",
    ),
    Line(
        "swift",
        "env['wsgi.input']: get_socket(), wfile, wfile_line, chunked_input, content_length, "
        "set_hundred_continue_response_headers, send_hundred_continue_response; environ['headers_raw'], "
        "environ['eventlet.minimum_write_chunk_size']; wsgi.MAX_HEADER_LINE =, STATE_IDLE, STATE_REQUEST, STATE_CLOSE, "
        "ChunkReadError",
        waits_for="eventlet.wsgi",
    ),
    Line("swift", "websocket.WebSocketWSGI._WSGI_APP_ALWAYS_IDLE", waits_for="eventlet.websocket"),
    Line("swift", "greenio.shutdown_safe", "swift: test_shutdown_safe"),
    Line("swift", "green.profile", "swift: test_green_profile"),
    Line("swift", "tpool.set_num_threads", "swift: test_set_num_threads"),
    Line("swift", "support.greenlets.GreenletExit", "swift: test_GreenletExit_of_support"),
    Line(
        "glance, heat, senlin",
        "wsgi.is_accepting = False, environ['eventlet.posthooks'], HttpProtocol.default_request_version =",
        waits_for="eventlet.wsgi",
    ),
    Line(
        "swift, glance, heat, senlin",
        "use_hub('poll'), then use_hub('selects')",
        "swift: test_the_hub_is_chosen_by_name",
    ),
    Line(
        "nova, cinder",
        "tpool.Proxy.__str__, __repr__; autowrap of libvirt's objects",
        "swift: test_Proxy_str_repr_and_autowrap",
    ),
    Line("nova, cinder", "executor._pool.coroutines_running, ._pool.size", "swift: test_an_executor_over_a_pool"),
    Line("nova, cinder", "environ['eventlet.input'].get_socket()", waits_for="eventlet.wsgi"),
    Line("nova 19", "hub.clock is monotonic.monotonic", "swift: test_the_clock_of_the_hub_is_monotonic"),
    Line(
        "nova",
        "EVENTLET_NO_GREENDNS set before the import",
        "swift: test_no_greendns_in_the_environment_before_the_import",
    ),
    Line(
        "nameko",
        "wsgi.Server(...).process_request([addr, sock, STATE_IDLE]), .socket_timeout, BROKEN_SOCK, BaseHTTPServer",
        waits_for="eventlet.wsgi",
    ),
    Line("nameko", "support.get_errno", "others: test_get_errno"),
    Line("nameko", "gt.dead, gt.link", "others: test_dead_and_link"),
    Line(
        "oslo.utils, oslo.log",
        "patcher.already_patched, is_monkey_patched('thread')",
        "oslo: test_already_patched_and_is_monkey_patched",
    ),
    Line(
        "oslo.utils, oslo.log",
        "patcher.original: os, queue, threading, select, time unpatched and stable",
        "oslo: test_original_is_unpatched_and_always_the_same",
    ),
    Line(
        "oslo.utils, oslo.log",
        "isinstance(hub, hubs.asyncio.Hub), eventlet.asyncio.spawn_for_awaitable",
        "oslo: test_is_this_the_asyncio_hub",
    ),
    Line("oslo.utils", "the same on another hub", "oslo: test_other_hubs_are_not_the_asyncio_one"),
    Line("oslo.log", "a mutex of a pipe, across threads", "oslo: test_a_mutex_of_a_pipe_across_threads"),
    Line(
        "oslo.reports",
        "gc-scan of greenlet.greenlet, gr_frame",
        "oslo: test_the_garbage_collector_knows_all_green_threads_and_their_frames",
    ),
    Line("keystonemiddleware", "wsgi_input.get_socket().getpeercert(binary_form=True)", waits_for="eventlet.wsgi"),
    Line("python-engineio", "environ['eventlet.input'].get_socket()", waits_for="eventlet.wsgi"),
    Line("python-engineio", "green.threading.Event, queue.Queue, Empty", "others: test_green_Event_and_queue"),
    Line("python-socketio", "green.zmq: Context, PUSH, SUB, SUBSCRIBE", "others: test_green_zmq"),
    Line(
        "python-engineio, kombu, sentry",
        "is_monkey_patched('socket'), is_monkey_patched(socket), 'eventlet' in sys.modules",
        "others: test_is_monkey_patched_with_a_module",
    ),
    Line(
        "kombu, sentry",
        "'eventlet' not in sys.modules, if nobody imports it",
        "others: test_sys_modules_has_no_eventlet_unless_it_was_imported",
    ),
    Line(
        "kazoo",
        "green.selectors, green.threading.{Condition,Event,Lock,RLock,Thread}, green.time",
        "others: test_green_modules_of_a_handler",
    ),
    Line("kazoo", "LightQueue", "others: test_LightQueue_between_green_threads"),
    Line("kazoo", "a stop by atexit while green", "others: test_stopping_at_exit"),
    Line(
        "cassandra-driver",
        "green.socket, green.ssl, green.OpenSSL.SSL, spawn, getcurrent, gt.kill",
        "others: test_a_reactor_of_green_sockets",
    ),
    Line("psycogreen, curl_cffi", "hubs.trampoline(fd, read/write=True)", "others: test_trampoline_on_a_number"),
    Line("curl_cffi", "tpool.execute", "others: test_execute_in_a_thread"),
    Line("murano, sahara", "import_patched", "others: test_import_patched"),
    Line("ryu, os-ken, faucet", "connect, spawn_after", "others: test_connect_and_spawn_after"),
    Line("ryu, os-ken, faucet", "websocket.WebSocketWSGI", waits_for="eventlet.websocket"),
    Line("ryu, os-ken, faucet", "wsgi.ALREADY_HANDLED, wsgi.server", waits_for="eventlet.wsgi"),
)

_ENVIRONMENT = (
    Line("environment", "EVENTLET_HUB", "others: test_EVENTLET_HUB"),
    Line("environment", "EVENTLET_THREADPOOL_SIZE", "others: test_EVENTLET_THREADPOOL_SIZE"),
    Line("environment", "EVENTLET_NO_GREENDNS", "swift: test_no_greendns_in_the_environment_before_the_import"),
    Line("environment", "EVENTLET_DEPRECATED_EAI_NODATA", "others: test_EVENTLET_DEPRECATED_EAI_NODATA"),
    Line("environment", "EVENTLET_TESTS, EVENTLET_NOBLOCK", "others: test_other_variables_do_no_harm"),
)

LINES = (*_KEYWORDS, *_BASE_CLASSES, *_INTERNALS, *_ENVIRONMENT)
