"""TLS over a green socket: OpenSSL works in memory, and this moves the ciphertext to and from the kernel.

Against letting OpenSSL read and write the socket itself this has two advantages.

*No call of OpenSSL waits*, so each is atomic for green threads. A writer that is interrupted (killed, timed out) leaves
whole records, of which `_unsent` is what the kernel has not taken yet: whoever writes next sends that first. Nor do
directions cross: a read that has to answer (key update, renegotiation) puts the answer into `_outgoing`.

*Fewer system calls*: one recv(2) in place of two per record (header and rest) and a third that fails.

Yet one reads little further than OpenSSL would. When a call returns, nothing is in memory but the record under way: its
first part, or the rest of its clear text, of which `pending()` tells. So `select` goes on to say the truth about
sockets whose last `recv` came back. (One thing may be: the peer's good-bye, if it came right behind the data. Whoever
asks `select` has a non-blocking socket, mostly, and these read record by record.)
"""

from __future__ import annotations

import copy
import errno
import ssl as _ssl

from eventlet import _pristine
from eventlet.green._tls_records import LEAST_OVERHEAD, RecordCounter
from eventlet.greenio import GreenSocket
from eventlet.greenthread import spawn_n
from eventlet.hubs import get_hub
from eventlet.hubs._waiting import Waiter, wake_all
from eventlet.semaphore import Semaphore

_timeout = _pristine.socket.timeout
_WantRead = _ssl.SSLWantReadError
_WantWrite = _ssl.SSLWantWriteError
_c = _pristine.c_socket.socket
_c_recv = _c.recv
_c_send = _c.send

#: How much is encrypted at once. OpenSSL's buffers grow to this, and never shrink.
MOST_AT_ONCE = 1 << 16
#: How much is read from the kernel at once: a full record, and the next one's beginning. With more the buffers
#: leave the CPU's cache, and the clear text has to be joined: that costs more than the system calls it saves.
MOST_READ = (1 << 14) + 40
#: From this size on the next record is expected to be as long as the last one: much data comes in equal records.
LONG_RECORD = 1 << 12
#: The clear text of a record, at most. If OpenSSL is asked for more, Python allocates that, and gives most of it back.
MOST_IN_RECORD = 1 << 14

# What `_fetch` tells.
NOTHING = 0
FETCHED = 1
LOOK_AGAIN = 2


class TLSStream(GreenSocket):
    """What GreenSSLSocket does with its connection.

    Whoever writes holds `_turn`, for the whole call. One green thread may read while others write. What else needs
    the peer's bytes (a handshake, a good-bye, a write during a renegotiation) fetches them "aside": if
    somebody waits for bytes already, it waits for him to get some, and then looks whether they have helped.
    """

    # Slots are twice as fast as attributes that are, or could be, in a dictionary; each call needs a dozen of these.
    __slots__ = (
        "_bystanders",
        "_claimed",
        "_expected",
        "_fetching_aside",
        "_handshake_error",
        "_handshake_is_due",
        "_incoming",
        "_late_error",
        "_outgoing",
        "_records",
        "_shaken",
        "_sslobj",
        "_try_first",
        "_turn",
        "_unsent",
        "_whole",
    )

    def _start_tls(self, context, server_side, server_hostname, session):
        """Return OpenSSL's object, an `_ssl._SSLSocket`, for a connection that begins now."""
        self._incoming = _ssl.MemoryBIO()
        self._outgoing = _ssl.MemoryBIO()
        self._records = RecordCounter()
        self._whole = 0  # records in `_incoming` that are complete
        self._try_first = False  # OpenSSL has something to say without further bytes: clear text, the end, an error
        self._late_error = None
        self._expected = 0  # unless it is 0, nothing is in memory, and so much is to be asked of the kernel next
        self._turn = Semaphore(1)
        self._unsent = b""
        self._claimed = b""
        self._bystanders = []
        self._fetching_aside = False
        self._shaken = False
        self._handshake_is_due = False
        self._handshake_error = None
        return context._wrap_bio(
            self._incoming, self._outgoing, server_side, server_hostname, owner=self, session=session
        )

    # ---- from the kernel

    def _fetch(self, limit, deadline, what, aside=False):
        """Move up to `limit` bytes to `_incoming`. Switches until there are some."""
        record = self._record
        self._expected = 0
        if record.readable or self._timeout == 0.0:
            try:
                data = _c_recv(self, limit)
            except BlockingIOError:
                if self._timeout == 0.0:
                    return NOTHING
            else:
                self._feed(data, limit)
                return FETCHED
        if self._fetching_aside or (aside and record.reader is not None):
            self._wait_for_other(deadline, what)
            return LOOK_AGAIN
        if _c.fileno(self) < 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        self._fetching_aside = aside
        try:
            if not get_hub().wait_readable(record, deadline):
                raise _timeout(f"The {what} operation timed out")
            data = _c_recv(self, limit)
        except BlockingIOError:
            record.readable = False
            return LOOK_AGAIN
        finally:
            if aside:
                self._fetching_aside = False
            if self._bystanders:
                wake_all(self._bystanders)
        self._feed(data, limit)
        return FETCHED

    def _feed(self, data, limit):
        record = self._record
        record.readable = len(data) == limit or record.eof or not self._drains
        if data:
            self._incoming.write(data)
            self._whole += self._records.count(data)
        else:
            self._incoming.write_eof()
            self._try_first = True

    def _wait_for_other(self, deadline, what):
        waiter = Waiter()
        self._bystanders.append(waiter)
        try:
            if not waiter.park(None if deadline is None else max(deadline - get_hub().clock(), 0)):
                raise _timeout(f"The {what} operation timed out")
        finally:
            if waiter in self._bystanders:
                self._bystanders.remove(waiter)

    def _fetch_record(self, deadline, what):
        """Fetch one record and no byte more; return False if that would mean to wait, and one may not."""
        whole = self._whole
        while self._whole == whole and not self._try_first:
            outcome = self._fetch(self._records.missing, deadline, what, aside=True)
            if outcome is not FETCHED:
                return outcome is LOOK_AGAIN
        return True

    # ---- reading

    def _receive(self, sslobj, size, buffer=None):
        """Return up to `size` bytes of clear text, or how many went to `buffer`. Switches until there are some.

        Here is the usual case, in few steps: nothing is in memory, and one whole record comes.
        """
        limit, timeout = self._expected, self._timeout
        if not limit or size <= 0 or (timeout is not None and not timeout):
            return self._receive_by_and_by(sslobj, size, buffer, None)
        if size < MOST_IN_RECORD:
            limit = min(limit, size + LEAST_OVERHEAD)
        record = self._record
        deadline = None
        if not record.readable:
            if self._fetching_aside or _c.fileno(self) < 0:
                return self._receive_by_and_by(sslobj, size, buffer, None)
            if timeout is not None:
                deadline = self._deadline()
            try:
                if not get_hub().wait_readable(record, deadline):
                    raise _timeout("The read operation timed out")
            finally:
                if self._bystanders:
                    wake_all(self._bystanders)
            if not self._expected:  # somebody else has fetched meanwhile
                return self._receive_by_and_by(sslobj, size, buffer, deadline)
            record.readable = True
        try:
            ciphertext = _c_recv(self, limit)
        except BlockingIOError:
            record.readable = False
            return self._receive_by_and_by(sslobj, size, buffer, deadline)
        length = len(ciphertext)
        if length != limit:
            record.readable = record.eof or not self._drains
            if not length:
                self._expected = 0
                self._feed(ciphertext, limit)
                return self._receive_by_and_by(sslobj, size, buffer, deadline)
        incoming = self._incoming
        incoming.write(ciphertext)
        try:
            data = sslobj.read(length) if buffer is None else sslobj.read(size, buffer)
        except Exception as error:
            self._expected = 0
            if self._outgoing.pending:
                self._answer()
            if not isinstance(error, _WantRead):
                self._try_first = True
                raise
            self._records.count(ciphertext)  # no whole record, or none of clear text
            return self._receive_by_and_by(sslobj, size, buffer, deadline)
        if not data or incoming.pending or self._outgoing.pending:
            return self._receive_more(sslobj, size, buffer, data, ciphertext)
        if length != limit:
            self._expected = length if length >= LONG_RECORD else MOST_READ
        return data

    def _receive_more(self, sslobj, size, buffer, first, ciphertext):
        """Return what `_receive` does if `first`, which it has read, is the end, or not all that `ciphertext` says."""
        self._expected = 0
        if self._outgoing.pending:
            self._answer()
        if not first:
            self._try_first = True
            return first
        pending = self._incoming.pending
        self._whole = self._records.count(ciphertext[-pending:]) if pending else 0
        if self._whole and (len(first) if buffer is None else first) < size:
            records, self._whole = self._whole, 0
            return self._decrypt_more(sslobj, size, buffer, first, records)
        return first

    def _receive_by_and_by(self, sslobj, size, buffer, deadline):
        """Do what `_receive` does in any case. `deadline` is None if there is none, or if it is the whole timeout."""
        if deadline is None and self._timeout is not None:
            deadline = self._deadline()
        if not self._shaken:
            self._shake_hands_first(sslobj, deadline, "read")
        if size <= 0:
            return sslobj.read(size) if buffer is None else sslobj.read(size, buffer)
        records = self._records
        length = 0  # of the record at hand, if that was read to its end and no further
        while True:
            if self._whole or self._try_first:
                data = self._decrypt(sslobj, size, buffer)
                if data is not None:
                    if not self._try_first and not records.held:
                        self._expected = length or MOST_READ
                    return data
            held = records.held
            limit = records.missing
            is_long = limit >= LONG_RECORD
            if not is_long and self._timeout != 0.0:
                limit = max(limit, (size + LEAST_OVERHEAD if size < MOST_IN_RECORD else MOST_READ) - held)
            if self._fetch(limit, deadline, "read") is NOTHING:
                return sslobj.read(size) if buffer is None else sslobj.read(size, buffer)  # which says what it wants
            length = held + limit if is_long and self._whole == 1 and not records.held else 0

    def _decrypt(self, sslobj, size, buffer):
        """Return the clear text of the records at hand; None if there is none in them."""
        if self._late_error is not None:
            error, self._late_error = self._late_error, None
            raise error
        records, self._whole = self._whole, 0
        try:
            if buffer is None:
                data = sslobj.read(size if size < MOST_IN_RECORD else MOST_IN_RECORD)
                count = len(data)
            else:
                data = count = sslobj.read(size, buffer)
        except _WantRead:
            self._try_first = False
            return None
        except Exception:
            self._try_first = True
            raise
        finally:
            if self._outgoing.pending:
                self._answer()
        if records > 1 and 0 < count < size:
            return self._decrypt_more(sslobj, size, buffer, data, records - 1)
        self._try_first = not count or (count == size and (records > 1 or sslobj.pending() > 0))
        return data

    def _decrypt_more(self, sslobj, size, buffer, first, records):
        pieces = [first]
        count = len(first) if buffer is None else first
        view = None if buffer is None else memoryview(buffer).cast("B")
        self._try_first = False
        try:
            while records and count < size:
                records -= 1
                if view is None:
                    pieces.append(sslobj.read(min(size - count, MOST_IN_RECORD)))
                    more = len(pieces[-1])
                else:
                    more = sslobj.read(size - count, view[count:])
                if not more:
                    self._try_first = True
                    break
                count += more
            else:
                self._try_first = count == size
        except _WantRead:
            pass
        except Exception as error:
            # What came before the error comes first.
            self._late_error = error.with_traceback(None)
            self._try_first = True
        finally:
            if self._outgoing.pending:
                self._answer()
        return b"".join(pieces) if buffer is None else count

    # ---- writing

    def _transmit(self, sslobj, data):
        """Send `data`; return how many bytes, which is all unless one may not wait. Switches while there is no room."""
        deadline = None if self._timeout is None else self._deadline()
        if not self._shaken:
            self._shake_hands_first(sslobj, deadline, "write")
        self._take_turn(deadline, "write")
        encrypted = 0
        try:
            if self._unsent or self._outgoing.pending:
                self._flush(deadline, "write")
            if type(data) is bytes and len(data) <= MOST_AT_ONCE and not self._claimed:
                encrypted = self._encrypt(sslobj, data, deadline)
                self._send_ciphertext(deadline, "write")
                return encrypted
            with memoryview(data) as view, view.cast("B") as clear_text:
                encrypted = self._claim(clear_text)
                while encrypted < len(clear_text) and not (encrypted and self._timeout == 0.0):
                    with clear_text[encrypted : encrypted + MOST_AT_ONCE] as piece:
                        encrypted += self._encrypt(sslobj, piece, deadline)
                    self._send_ciphertext(deadline, "write")
            return encrypted
        except (_timeout, _WantWrite):
            if encrypted:
                with memoryview(data) as view, view.cast("B") as clear_text:
                    self._claimed = bytes(clear_text[:encrypted])
            raise
        finally:
            self._turn.release()

    def _claim(self, clear_text):
        """Return how much of it a call that was given up has encrypted already.

        As with OpenSSL a write that timed out, or could not be finished without waiting, is made again with the
        same bytes. If others come, those of the first were all.
        """
        claimed, self._claimed = self._claimed, b""
        return len(claimed) if clear_text[: len(claimed)] == claimed else 0

    def _encrypt(self, sslobj, piece, deadline):
        while True:
            try:
                return sslobj.write(piece)
            except _WantRead:  # a renegotiation is under way
                self._flush(deadline, "write")
                if not self._fetch_record(deadline, "write"):
                    raise

    def _send_ciphertext(self, deadline, what):
        ciphertext = self._outgoing.read()
        try:
            sent = _c_send(self, ciphertext)
        except BlockingIOError:
            sent = 0
        if sent != len(ciphertext):
            self._unsent = memoryview(ciphertext)[sent:]
            self._flush(deadline, what)

    def _flush(self, deadline, what):
        """Send all ciphertext that there is. The caller has the turn. Switches while there is no room."""
        unsent = self._unsent or self._outgoing.read()
        while unsent:
            self._unsent = unsent
            try:
                sent = _c_send(self, unsent)
            except BlockingIOError:
                if self._timeout == 0.0:
                    raise _would_block_writing() from None
                self._park_writable(deadline, what)
                continue
            unsent = memoryview(unsent)[sent:] if sent != len(unsent) else self._outgoing.read()
        self._unsent = b""

    def _park_writable(self, deadline, what):
        if _c.fileno(self) < 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if not get_hub().wait_writable(self._record, deadline):
            raise _timeout(f"The {what} operation timed out")

    def _take_turn(self, deadline, what):
        turn = self._turn
        if turn.acquire(False):
            return
        if self._timeout == 0.0:
            raise _would_block_writing()
        if not turn.acquire(timeout=None if deadline is None else max(deadline - get_hub().clock(), 0)):
            raise _timeout(f"The {what} operation timed out")

    def _flush_in_turn(self, deadline, what):
        if self._unsent or self._outgoing.pending:
            self._take_turn(deadline, what)
            try:
                self._flush(deadline, what)
            finally:
                self._turn.release()

    def _answer(self):
        """Send what OpenSSL had to say while it read. Never switches: the peer may not read before it has written."""
        turn = self._turn
        if not turn.acquire(False):
            return  # whose turn it is sends this too
        try:
            self._send_ciphertext_now()
        finally:
            turn.release()

    def _send_ciphertext_now(self):
        if not self._unsent:
            self._unsent = self._outgoing.read()
        try:
            sent = _c_send(self, self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # there still may be something to read; a write will report it
        self._unsent = memoryview(self._unsent)[sent:] if sent != len(self._unsent) else b""
        if self._unsent or self._outgoing.pending:
            spawn_n(self._flush_later)

    def _flush_later(self):
        try:
            self._flush_in_turn(None, "write")
        except OSError:
            pass

    # ---- beginning and end

    def _shake_hands_first(self, sslobj, deadline, what):
        """Do the handshake that is due. As when `accept` did it, a failure closes the connection."""
        if not self._handshake_is_due:
            return self._shake_hands(sslobj, deadline, what)
        try:
            self._shake_hands(sslobj, deadline, "handshake")
        except (_timeout, _WantRead, _WantWrite):
            raise
        except OSError as error:
            # For who waits for the same, and for a file of `makefile`. (A copy: without traceback, no cycle.)
            self._handshake_error = copy.copy(error)
            self.close()
            raise

    def _shake_hands(self, sslobj, deadline, what):
        while True:
            if self._handshake_error is not None:
                raise copy.copy(self._handshake_error)
            want = self._attempt(sslobj.do_handshake)
            self._flush_in_turn(deadline, what)
            if want is None:
                break
            if not self._fetch_record(deadline, what):
                raise want
        self._whole = 0
        self._shaken = True
        self._handshake_is_due = False

    def _say_good_bye(self, sslobj):
        """Send the good-bye and wait for the peer's. Switches."""
        deadline = self._deadline()
        if self._handshake_is_due:
            self._shake_hands_first(sslobj, deadline, "handshake")
        while True:
            want = self._attempt(sslobj.shutdown)
            self._flush_in_turn(deadline, "write")
            if want is None:
                return
            if not self._fetch_record(deadline, "read"):
                raise want

    def _attempt(self, call):
        """Call it; return the error that says that it wants to read, if so."""
        try:
            call()
        except _WantRead as want:
            return want
        except Exception:
            if self._outgoing.pending:
                self._answer()  # an alert
            raise
        return None


def _would_block_writing():
    return _WantWrite(_ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)")
