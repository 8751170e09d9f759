"""The stand-in gateway lets through who holds a good token for what it may do, and counts."""

import os
import ssl
import subprocess
import unittest
import urllib.parse
import urllib.request

import gateway
import hmnfd
import service as services
from running import StandInTest, call, closed_port, wait_until

LIST = "/apis/hmnfd/hmi/v2/subscriptions"
CLIENTS = {"admin-client": ("s3", "admin"), "pxe": ("s4", "system-pxe"), "node": ("s5", "system-compute")}


class GatewayTest(StandInTest):
    def setUp(self):
        super().setUp()
        self.hmnfd = self.start(hmnfd.make_server("127.0.0.1", 0, os.path.join(self.directory, "hmnfd")))
        self.gateway = self.start_gateway()

    def start_gateway(self, name="gateway", tls_dir=None):
        upstreams = {"hmnfd": self.hmnfd.url, "smd": f"http://127.0.0.1:{closed_port()}"}
        service = gateway.Gateway(os.path.join(self.directory, name), upstreams, CLIENTS, expires_in=60, probe_period=0.02)
        return self.start(services.make_server(service, "127.0.0.1", 0, tls_dir))

    def ask_token(self, **form):
        form = {"grant_type": "client_credentials", "client_id": "admin-client", "client_secret": "s3", **form}
        return call(self.gateway.port, "POST", gateway.TOKEN_PATH, urllib.parse.urlencode(form),
                    {"Content-Type": "application/x-www-form-urlencoded"})

    def get(self, path, token=None, method="GET"):
        return call(self.gateway.port, method, path, headers={"Authorization": f"Bearer {token}"} if token else {})

    def token(self, **form):
        return self.ask_token(**form)[1]["access_token"]

    def test_a_token_opens_the_way(self):
        status, grant = self.ask_token()
        self.assertEqual((200, 60, "bearer"), (status, grant["expires_in"], grant["token_type"]))
        self.assertEqual((200, {"SubscriptionList": None}), self.get(LIST, grant["access_token"]))

    def test_without_a_good_token_it_is_401(self):
        self.assertEqual((401, "Jwt is missing"), self.get(LIST))
        self.assertEqual((401, "Jwt verification fails"), self.get(LIST, "a.b.c"))
        token = self.token()
        clock = self.gateway.server.service.keycloak.clock
        self.gateway.server.service.keycloak.clock = lambda: clock() + 60
        self.assertEqual((401, "Jwt is expired"), self.get(LIST, token))

    def test_revoked_tokens_are_no_good(self):
        token = self.token()
        self.put("gateway/revoke")
        self.assertEqual(401, self.get(LIST, token)[0])
        self.assertEqual(200, self.get(LIST, self.token())[0])

    def test_a_role_may_what_it_may(self):
        token = self.token(client_id="pxe", client_secret="s4")
        self.assertEqual((403, "RBAC: access denied"), self.get(LIST, token))
        token = self.token(client_id="node", client_secret="s5")
        self.assertEqual(200, self.get(LIST, token)[0])
        self.assertEqual(403, self.get("/apis/smd/hsm/v2/groups", token, "POST")[0])

    def test_where_a_path_leads(self):
        for path, expected in [("/apis/bos/v2/sessions?status=running", ("bos", "/v2/sessions?status=running")),
                               ("/apis/v2/cps/contents", ("cps", "/v2/cps/contents")), ("/apis/v2/nothing", ("v2", "/nothing")),
                               ("/apis/smd", ("smd", "/"))]:
            self.assertEqual(expected, gateway.way(path), path)

    def test_a_path_that_leads_nowhere_is_404(self):
        self.assertEqual((404, None), self.get("/apis/nothing/v1", self.token()))
        self.assertEqual((404, None), self.get("/somewhere", self.token()))

    def test_what_is_down_or_not_ready_is_503(self):
        token = self.token()
        self.assertEqual((503, "no healthy upstream"), self.get("/apis/smd/hsm/v2/State/Components", token))
        self.assertEqual(200, self.get(LIST, token)[0])
        self.put("hmnfd/lose-etcd")
        wait_until(lambda: self.get(LIST, token) == (503, "no healthy upstream"), "the gateway sees it")

    def test_keycloak_refuses(self):
        for form, status, error in [({"client_secret": "wrong"}, 401, "unauthorized_client"), ({"client_id": "x"}, 401, "invalid_client"),
                                    ({"grant_type": "password"}, 400, "unsupported_grant_type")]:
            found, answer = self.ask_token(**form)
            self.assertEqual((status, error), (found, answer["error"]))
        self.put("gateway/keycloak-answer", "503")
        self.assertEqual(503, self.ask_token()[0])

    def test_each_request_is_written_down(self):
        token = self.token()
        self.get(LIST + "?a=1", token)
        self.get(LIST)
        self.assertEqual([("POST", gateway.TOKEN_PATH, 200, False, None), ("GET", LIST, 200, True, "admin-client"),
                          ("GET", LIST, 401, False, None)],
                         [tuple(line[name] for name in ("method", "path", "status", "has_token", "client"))
                          for line in self.lines("gateway/requests.log")])

    def test_tls(self):
        tls_dir = os.path.join(self.directory, "tls")
        os.mkdir(tls_dir)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{tls_dir}/key.pem",
                        "-out", f"{tls_dir}/cert.pem"], check=True, capture_output=True, timeout=20)
        port = self.start_gateway("tls-gateway", tls_dir).port
        context = ssl.create_default_context(cafile=f"{tls_dir}/cert.pem")
        with self.assertRaises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(f"https://127.0.0.1:{port}{LIST}", timeout=10, context=context)
        raised.exception.close()
        self.assertEqual(401, raised.exception.code)


if __name__ == "__main__":
    unittest.main()
