/* SPDX-License-Identifier: Apache-2.0 */
/* C++: threads that throw to each other. */
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

class queue
{
      public:
	void put(int value)
	{
		std::lock_guard<std::mutex> lock(mutex);
		values.push_back(value);
		changed.notify_one();
	}

	int take()
	{
		std::unique_lock<std::mutex> lock(mutex);
		changed.wait(lock, [this] { return !values.empty(); });
		int value = values.front();
		values.pop_front();
		return value;
	}

      private:
	std::mutex mutex;
	std::condition_variable changed;
	std::deque<int> values;
};

struct counted {
	static std::atomic<int> alive;
	counted()
	{
		alive++;
	}
	counted(const counted &)
	{
		alive++;
	}
	~counted()
	{
		alive--;
	}
};
std::atomic<int> counted::alive{ 0 };

int dig(int depth, const std::string &what)
{
	counted here;

	if (depth == 0) {
		throw std::runtime_error(what);
	}
	return dig(depth - 1, what) + 1;
}

int work(queue &from)
{
	int sum = 0;

	for (int value = from.take(); value >= 0; value = from.take()) {
		try {
			sum += dig(value % 50, std::to_string(value));
		} catch (const std::runtime_error &error) {
			sum += std::stoi(error.what());
		}
	}
	return sum;
}

} // namespace

int main()
{
	queue jobs;
	std::vector<std::future<int>> sums;
	static thread_local int own = 5;

	for (int i = 0; i < 4; i++) {
		sums.push_back(std::async(std::launch::async, [&jobs] {
			own++;
			return work(jobs);
		}));
	}
	for (int i = 0; i < 2000; i++) {
		jobs.put(i);
	}
	for (int i = 0; i < 4; i++) {
		jobs.put(-1);
	}
	std::printf("sum %d\n", std::accumulate(sums.begin(), sums.end(), 0,
					[](int sum, std::future<int> &f) {
						return sum + f.get();
					}));
	std::printf("alive %d, own %d\n", counted::alive.load(), own);

	std::future<void> failing = std::async(
		std::launch::async, [] { dig(20, "from another thread"); });
	try {
		failing.get();
	} catch (const std::exception &error) {
		std::printf("caught: %s\n", error.what());
	}

	std::exception_ptr kept;
	std::thread([&kept] {
		try {
			throw std::string("kept");
		} catch (...) {
			kept = std::current_exception();
		}
	}).join();
	try {
		std::rethrow_exception(kept);
	} catch (const std::string &text) {
		std::printf("rethrown: %s\n", text.c_str());
	}
}
