// SPDX-License-Identifier: Apache-2.0
// Exceptions thrown and caught by threads that share a map.
#include <atomic>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::mutex lock;
static std::map<std::string, int> caught;
static std::atomic<long> sum;
static thread_local int own;

static void work(int count)
{
	for (int i = 0; i < count; i++) {
		try {
			own++;
			if (i % 100 == 0)
				throw std::runtime_error("every " + std::to_string(i % 7));
			if (i % 333 == 0)
				std::vector<int>().at(1);
			sum += i;
		} catch (const std::out_of_range &) {
			std::lock_guard<std::mutex> guard(lock);
			caught["range"]++;
		} catch (const std::exception &error) {
			std::lock_guard<std::mutex> guard(lock);
			caught[error.what()]++;
		}
	}
	sum += own;
}

int main()
{
	std::vector<std::thread> threads;
	std::vector<std::future<long>> answers;

	for (int i = 0; i < 8; i++)
		threads.emplace_back(work, 20000);
	for (auto &thread : threads)
		thread.join();
	for (const auto &[name, count] : caught)
		std::cout << name << " " << count << "\n";
	for (long n = 1; n <= 4; n++)
		answers.push_back(std::async(std::launch::async, [n] {
			std::vector<long> all(1000 * n);
			std::iota(all.begin(), all.end(), 0);
			if (n == 3)
				throw std::logic_error("the third");
			return std::accumulate(all.begin(), all.end(), 0L);
		}));
	for (auto &answer : answers) {
		try {
			std::cout << answer.get() << "\n";
		} catch (const std::logic_error &error) {
			std::cout << error.what() << "\n";
		}
	}
	std::cout << sum << " "
		  << std::regex_replace("sealed box", std::regex("(\\w+) (\\w+)"), "$2 $1") << std::endl;
	return 0;
}
