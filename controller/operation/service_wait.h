// A step of an operation that asks a service until it says what the step waits for, or until its time is over. Pure; owned by its operation.
#pragma once

#include <optional>
#include <string>

#include "controller/operation/action.h"

namespace muster {

class ServiceWait {
 public:
  struct End {
    OperationState state{};
    std::string detail;
  };

  // The first question is asked at once, each further one so long after the answer to the one before.
  ServiceWait(Duration interval, Time deadline) : interval_(interval), deadline_(deadline) {}
  virtual ~ServiceWait() = default;
  ServiceWait(const ServiceWait&) = delete;
  ServiceWait& operator=(const ServiceWait&) = delete;

  void Take(Time now, const ServiceNews& news);
  void Advance(Time now, const std::string& operation, OperationActions* actions);
  // None once it has ended.
  std::optional<Time> NextDeadline() const;

  // What it waits for now.
  const std::string& detail() const { return detail_; }
  const std::optional<End>& end() const { return end_; }
  // Of an operator who has cancelled it: what goes on all the same; may be empty.
  virtual std::string WhatGoesOn() const { return ""; }

 protected:
  // What is asked next; it is then.
  virtual ServiceCallWanted Question() = 0;
  // An answer to it. False: it is none. Says something or ends it.
  virtual bool Hear(const ServiceNews& news) = 0;
  // How it ends when its time is over.
  virtual std::string GivenUp() const = 0;

  void Say(std::string detail) { detail_ = std::move(detail); }
  void Succeed(std::string detail) { end_ = {OperationState::kSucceeded, std::move(detail)}; }
  void Fail(std::string detail) { end_ = {OperationState::kFailed, std::move(detail)}; }
  // The next question needs no pause.
  void AskAtOnce() { asks_at_once_ = true; }

 private:
  const Duration interval_;
  const Time deadline_;
  Time next_{};
  bool is_asked_ = false;
  bool asks_at_once_ = false;
  std::string detail_;
  std::optional<End> end_;
};

}  // namespace muster
