// The store as a stream.
#include <gmock/gmock.h>
#include <openssl/sha.h>

#include <fstream>
#include <sstream>

#include "api_fixture.h"
#include "controller/api/backup.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

class BackupTest : public ApiTest {
 protected:
  struct Received {
    grpc::Status status;
    std::string bytes;
    std::string digest;
    uint64_t size = 0;
    size_t largest = 0;
  };
  explicit BackupTest(Duration piece_timeout = kBackupPieceTimeout)
      : ApiTest(true, piece_timeout) {}
  // A store of several pieces, more than the connection takes without a reader.
  void FillStore() {
    std::vector<std::string> nodes;
    for (int i = 0; i < 400'000; ++i) nodes.push_back(fmt::format("nid{:020}", i));
    JobSpec spec;
    spec.id = "many";
    control_->Submit(std::move(spec), std::move(nodes), [](const auto&) {});
  }
  Received ReceiveWhenThereIsRoom() {
    Received received = Receive(*stub_);
    while (received.status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED)
      received = Receive(*stub_);
    return received;
  }
  static Received Receive(v1::Controller::StubInterface& stub) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    const auto stream = stub.Backup(&context, v1::BackupRequest());
    Received received;
    for (v1::BackupPiece piece; stream->Read(&piece);) {
      received.bytes += piece.data();
      received.digest = piece.sha256();
      received.size = piece.size();
      received.largest = std::max(received.largest, piece.data().size());
    }
    received.status = stream->Finish();
    return received;
  }
};

TEST_F(BackupTest, ComesInPiecesWithItsDigest) {
  std::vector<std::string> nodes;
  for (int i = 0; i < 100'000; ++i) nodes.push_back(fmt::format("nid{:020}", i));
  JobSpec spec;
  spec.id = "many";
  control_->Submit(std::move(spec), std::move(nodes), [](const auto& id) { EXPECT_TRUE(id.ok()); });

  const Received received = Receive(*stub_);
  ASSERT_TRUE(received.status.ok()) << received.status.error_message();
  EXPECT_GT(received.bytes.size(), 2u << 20);
  EXPECT_EQ(received.bytes.size(), received.size);
  EXPECT_LE(received.largest, kBackupPieceBytes);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(received.bytes.data()), received.bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  EXPECT_EQ(received.digest, digest);

  const std::string restored = dir_ + "/restored";
  std::filesystem::create_directory(restored);
  std::ofstream(restored + "/muster.db", std::ios::binary) << received.bytes;
  auto reader = SqliteJobReader::Open(restored);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->GetJob("many").ok());
}

// A caller who reads nothing holds up nobody but the next backup; when it goes, there is room again.
TEST_F(BackupTest, ThereIsOneAtATime) {
  FillStore();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 60s);
  const auto first = stub_->Backup(&context, v1::BackupRequest());
  v1::BackupPiece piece;
  ASSERT_TRUE(first->Read(&piece));

  const Received second = Receive(*stub_);
  EXPECT_EQ(second.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(second.status.error_message(), HasSubstr("another backup is being made"));
  EXPECT_NE(NewJob(), "") << "jobs are made meanwhile";

  context.TryCancel();
  first->Finish();
  const Received third = ReceiveWhenThereIsRoom();
  EXPECT_TRUE(third.status.ok()) << third.status.error_message();
}

class SlowBackupTest : public BackupTest {
 protected:
  SlowBackupTest() : BackupTest(2s) {}
};

// It is still there, and answers pings.
TEST_F(SlowBackupTest, ACallerWhoReadsNothingIsLetGo) {
  FillStore();
  const auto idle = v1::Controller::NewStub(ChannelOf("spiffe://muster/operator/bob"));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 60s);
  const auto first = idle->Backup(&context, v1::BackupRequest());
  v1::BackupPiece piece;
  ASSERT_TRUE(first->Read(&piece));

  const Received second = ReceiveWhenThereIsRoom();
  EXPECT_TRUE(second.status.ok()) << second.status.error_message();
  while (first->Read(&piece)) {
  }
  EXPECT_FALSE(first->Finish().ok());
}

TEST_F(BackupTest, IsForOperators) {
  const auto stub = v1::Controller::NewStub(ChannelOf("spiffe://muster/agent/x0"));
  const Received received = Receive(*stub);
  EXPECT_EQ(received.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(received.bytes, "");
}

}  // namespace
}  // namespace muster
