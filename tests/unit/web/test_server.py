import socket

from facies.web.server import listen


def test_no_answer_waits_for_the_client_to_confirm_a_part_of_it():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
