// What an operator, or a script, is told about a content and its gate.
#include "controller/cli/content_text.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

void Add(v1::Content& content, const std::string& node, v1::ContentState state,
         v1::Reason reason = v1::REASON_UNSPECIFIED, const std::string& detail = "") {
  v1::NodeContent& added = *content.add_nodes();
  added.set_node(node);
  added.set_state(state);
  added.set_reason(reason);
  added.set_detail(detail);
}

TEST(ContentText, WhatKeepsTheGateClosedComesFirst) {
  v1::Content content;
  content.set_name("pe");
  Add(content, "x1", v1::CONTENT_STATE_CLEAN, v1::REASON_CLEAN);
  Add(content, "x2", v1::CONTENT_STATE_CLEAN, v1::REASON_REBOOTED);
  Add(content, "x3", v1::CONTENT_STATE_NOT_CLEAN, v1::REASON_BUSY, "process 7 (vi)");
  Add(content, "x4", v1::CONTENT_STATE_ROOT_ON_CPS, v1::REASON_ROOT_ON_CPS, "its root");
  EXPECT_EQ(
      ContentText(content),
      "NOT_CLEAN    BUSY         1  x3\n"
      "                             e.g. x3: process 7 (vi)\n"
      "ROOT_ON_CPS  ROOT_ON_CPS  1  x4\n"
      "                             e.g. x4: its root\n"
      "CLEAN                     2  x[1-2]\n"
      "Nodes whose root is on CPS cannot unmount it. Shut them down before the rebuild:\n"
      "  cray bos v2 sessions create --template-name TEMPLATE --operation shutdown --limit x4\n"
      "and after it, once BSS and CPS are healthy, boot them:\n"
      "  cray bos v2 sessions create --template-name TEMPLATE --operation boot --limit x4\n"
      "With --bos TEMPLATE, muster content unmount and remount do it and follow it.\n"
      "content pe: the gate is CLOSED: 2 of 4 nodes keep it so\n");
}

TEST(ContentText, AnOpenGateSaysSo) {
  v1::Content content;
  content.set_name("pe");
  content.set_is_gate_open(true);
  Add(content, "x1", v1::CONTENT_STATE_SHUT_DOWN);
  EXPECT_EQ(ContentText(content),
            "SHUT_DOWN  1  x1\ncontent pe: the gate is OPEN: nothing is mounted on 1 node\n");
}

TEST(ContentText, AnOperationThatIsUnderWayIsNamed) {
  v1::Content content;
  content.set_name("pe");
  content.set_running("operations/7");
  EXPECT_EQ(ContentText(content),
            "operations/7 is under way\ncontent pe: the gate is CLOSED: 0 of 0 nodes keep it so\n");
}

}  // namespace
}  // namespace muster::cli
