package triage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import triage.admission.GateSettings;
import triage.admission.LimitSettings;
import triage.time.MonotonicClock;
import triage.time.SettableTime;

final class BackendBreakerTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final SettableTime time = new SettableTime(Instant.EPOCH);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Turnstile turnstile =
      new Turnstile(new GateSettings(10), List.of(LimitSettings.fixed(1)), time, timer);
  private final BackendBreaker breaker = breaker(SECOND);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void opensWhenThreeInARowEndWithoutAByte() {
    silent(SECOND);
    silent(SECOND);
    assertThat(isOpen()).isFalse();
    silent(SECOND);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void aByteBetweenThemSaysThatItOnlyIsSlow() {
    silent(SECOND);
    silent(SECOND);
    Attempt slow = begun(breaker);
    time.advance(SECOND);
    slow.progressed();
    slow.timedOut();
    silent(SECOND);
    silent(SECOND);
    assertThat(isOpen()).isFalse();
  }

  @Test
  void callersInAHurrySayNothing() {
    for (int i = 0; i < 20; i++) {
      silent(Duration.ofMillis(10));
    }
    assertThat(isOpen()).isFalse();
  }

  @Test
  void opensAtOnceWhenThreeInFlightTogetherAreSilent() {
    Attempt late = begun(breaker);
    begun(breaker);
    begun(breaker);
    time.advance(SECOND);
    late.timedOut();
    assertThat(isOpen()).isTrue();
  }

  /// A model that takes ten seconds, and gives nothing before; somebody waits a tenth of one, again
  /// and again.
  @ParameterizedTest
  @CsvSource({"30, false", "30, true", "10, true", "5, true"})
  void aCallerInAHurrySaysNothingOfABackendThatIsAtWorkForOthers(int timeout, boolean isKnown) {
    BackendBreaker slow = breaker(Duration.ofSeconds(timeout));
    if (isKnown) {
      answeredAfter(slow, Duration.ofSeconds(10));
    }
    for (int round = 0; round < 5; round++) {
      Attempt one = begun(slow);
      Attempt other = begun(slow);
      for (int i = 0; i < 99; i++) {
        Attempt hurried = begun(slow);
        time.advance(Duration.ofMillis(100));
        hurried.timedOut();
      }
      time.advance(Duration.ofMillis(100));
      answer(one);
      answer(other);
    }
    assertThat(isOpen()).isFalse();
  }

  /// Callers in a hurry who send long bodies with pauses, while no outage is known: there is no
  /// trial whose place they could leave.
  @Test
  void pausesInUploadsHideNoSilence() {
    BackendBreaker slow = breaker(Duration.ofSeconds(10));
    answeredAfter(slow, Duration.ofSeconds(8));
    begun(slow);
    for (int i = 0; i < 7 && !isOpen(); i++) {
      Attempt hurried = begun(slow);
      hurried.awaitsCaller();
      hurried.leavesTrial();
      hurried.goesOn();
      time.advance(Duration.ofSeconds(5));
      hurried.timedOut();
    }
    assertThat(isOpen()).isTrue();
  }

  /// Three with a second each do not outvote that the answers before took ten.
  @Test
  void onlyExchangesThatHadTheTimeOfAnAnswerCount() {
    BackendBreaker slow = breaker(Duration.ofSeconds(30));
    answeredAfter(slow, Duration.ofSeconds(10));
    begun(slow);
    time.advance(Duration.ofSeconds(20));
    begun(slow);
    Attempt late = begun(slow);
    time.advance(SECOND);
    late.timedOut();
    assertThat(isOpen()).isFalse();
  }

  @Test
  void opensSoonWhereAnswersAreQuick() {
    BackendBreaker quick = breaker(Duration.ofSeconds(30));
    answeredAfter(quick, Duration.ofMillis(10));
    Attempt late = begun(quick);
    begun(quick);
    begun(quick);
    time.advance(SECOND);
    late.timedOut();
    assertThat(isOpen()).isTrue();
  }

  @Test
  void quickAnswersBetweenSlowOnesDoNotMakeItForgetThese() {
    BackendBreaker mixed = breaker(Duration.ofSeconds(30));
    answeredAfter(mixed, Duration.ofSeconds(10));
    for (int i = 0; i < 20; i++) {
      answeredAfter(mixed, Duration.ofMillis(10));
    }
    Attempt late = begun(mixed);
    begun(mixed);
    begun(mixed);
    time.advance(Duration.ofSeconds(5));
    late.timedOut();
    assertThat(isOpen()).isFalse();
  }

  /// Else a backend would hang for ever that only callers in a hurry ask, one after the other.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anybodyTellsOfASilenceOfTheModelsWholeTimeout(boolean isKnown) {
    BackendBreaker slow = breaker(Duration.ofSeconds(30));
    if (isKnown) {
      answeredAfter(slow, Duration.ofSeconds(10));
    }
    for (int i = 0; i < 26; i++) {
      timedOutAfter(slow, SECOND);
      time.advance(SECOND);
    }
    assertThat(isOpen()).isFalse();
    for (int i = 0; i < 3; i++) {
      timedOutAfter(slow, SECOND);
    }
    assertThat(isOpen()).isTrue();
  }

  @Test
  void whatWaitsForItsCallersBodySaysNothing() {
    List<Attempt> uploads = Stream.generate(() -> begun(breaker)).limit(3).toList();
    uploads.forEach(Attempt::awaitsCaller);
    time.advance(SECOND);
    Attempt other = begun(breaker);
    time.advance(SECOND);
    other.timedOut();
    uploads.forEach(Attempt::timedOut);
    assertThat(isOpen()).isFalse();
  }

  @Test
  void whoSendsAndReadsIsWaitedForUntilItHasDoneBoth() {
    List<Attempt> both = Stream.generate(() -> begun(breaker)).limit(2).toList();
    for (Attempt each : both) {
      each.awaitsCaller();
      each.awaitsCaller();
      each.goesOn();
    }
    timedOutAfter(breaker, SECOND);
    assertThat(isOpen()).isFalse();
    both.forEach(Attempt::goesOn);
    timedOutAfter(breaker, SECOND);
    assertThat(isOpen()).isTrue();
  }

  /// Two threads tell of them.
  @Test
  void theEndOfAWaitMayBeToldBeforeItsBeginning() {
    List<Attempt> both = Stream.generate(() -> begun(breaker)).limit(2).toList();
    both.forEach(Attempt::goesOn);
    both.forEach(Attempt::awaitsCaller);
    timedOutAfter(breaker, SECOND);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void aBodysTimeIsNotTheBackends() {
    BackendBreaker quick = breaker(Duration.ofSeconds(30));
    Attempt upload = begun(quick);
    upload.awaitsCaller();
    time.advance(Duration.ofSeconds(20));
    upload.goesOn();
    time.advance(Duration.ofMillis(10));
    answer(upload);
    upload.goesOn();
    Attempt late = begun(quick);
    begun(quick);
    time.advance(SECOND);
    late.timedOut();
    assertThat(isOpen()).as("two are not enough").isFalse();
    timedOutAfter(quick, SECOND);
    timedOutAfter(quick, SECOND);
    assertThat(isOpen()).isTrue();
  }

  @Test
  @Timeout(30)
  void aTrialThatSaysNothingIsMadeAgain() {
    BackendBreaker slow = soonBack(time);
    answeredAfter(slow, Duration.ofSeconds(10));
    openAndAwaitTrial(slow).timedOut();
    assertThat(slow.state()).isEqualTo("half-open");
    begun(slow).abandoned();
    assertThat(slow.state()).isEqualTo("half-open");
    answer(begun(slow));
    assertThat(slow.state()).isEqualTo("closed");
  }

  @Test
  @Timeout(30)
  void aTrialThatAwaitsItsCallerForLongLeavesItsPlaceToTheNext() {
    BackendBreaker back = soonBack(time);
    Attempt trickling = openAndAwaitTrial(back);
    trickling.awaitsCaller();
    assertThat(back.attempt("c").begin()).as("not yet for long").isFalse();
    trickling.leavesTrial();
    Attempt next = begun(back);
    trickling.goesOn();
    trickling.awaitsCaller();
    trickling.leavesTrial();
    assertThat(back.attempt("c").begin()).as("one in its place").isFalse();
    time.advance(Duration.ofMinutes(1));
    trickling.abandoned();
    assertThat(back.state()).isEqualTo("half-open");
    answer(next);
    assertThat(back.state()).isEqualTo("closed");
  }

  /// Its caller hangs up.
  @Test
  @Timeout(30)
  void theSilenceOfTheTrialInItsPlaceIsNotThatOfAnUpload() {
    BackendBreaker back = soonBack(time);
    Attempt upload = openAndAwaitTrial(back);
    upload.awaitsCaller();
    upload.leavesTrial();
    Attempt next = begun(back);
    time.advance(Duration.ofSeconds(30));
    upload.goesOn();
    upload.abandoned();
    assertThat(back.state()).isEqualTo("half-open");
    answer(next);
    assertThat(back.state()).isEqualTo("closed");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(30)
  void aTrialThatAwaitedItsCallerTellsAllTheSame(boolean isAnswered) {
    BackendBreaker back = soonBack(time);
    Attempt upload = openAndAwaitTrial(back);
    upload.awaitsCaller();
    upload.leavesTrial();
    begun(back);
    upload.goesOn();
    if (isAnswered) {
      answer(upload);
    } else {
      upload.unreached();
    }
    assertThat(back.state()).isEqualTo(isAnswered ? "closed" : "open");
  }

  /// The other one's comes before Failsafe has been told.
  @Test
  @Timeout(30)
  void ofTwoTrialsTheFirstVerdictHolds() {
    Queue<Runnable> meanwhile = new ArrayDeque<>();
    MonotonicClock interrupted =
        () -> {
          Runnable next = meanwhile.poll();
          if (next != null) {
            next.run();
          }
          return time.nanos();
        };
    BackendBreaker back = soonBack(interrupted);
    Attempt upload = openAndAwaitTrial(back);
    upload.awaitsCaller();
    upload.leavesTrial();
    Attempt next = begun(back);
    meanwhile.add(upload::unreached);
    next.succeeded();
    assertThat(meanwhile).isEmpty();
    assertThat(back.state()).isEqualTo("closed");
  }

  @Test
  @Timeout(30)
  void whatATrialLeavesIsGoneWithItsOutage() {
    BackendBreaker back = soonBack(time);
    Attempt upload = openAndAwaitTrial(back);
    upload.awaitsCaller();
    upload.leavesTrial();
    upload.unreached();
    awaitTrial(back);
    assertThat(back.attempt("c").begin()).isFalse();
  }

  /// However long no byte has come.
  @Test
  @Timeout(30)
  void aTrialThatWasNeverSentIsMadeAgain() {
    BackendBreaker back = soonBack(time);
    Attempt unsent = openAndAwaitTrial(back);
    time.advance(Duration.ofMinutes(1));
    unsent.neverSent();
    assertThat(back.state()).isEqualTo("half-open");
    answer(begun(back));
    assertThat(back.state()).isEqualTo("closed");
  }

  /// Failsafe has opened the breaker, and that is told and counted only once it is half-open again.
  @Test
  @Timeout(30)
  void aTrialFromBeforeTheOpeningWasCountedIsMadeAgain() throws Exception {
    BackendBreaker back = soonBack(time);
    for (int i = 0; i < 2; i++) {
      timedOutAfter(back, Duration.ofSeconds(30));
    }
    Attempt hung = begun(back);
    time.advance(Duration.ofSeconds(30));
    Attempt early;
    try (OpeningHeld opening = new OpeningHeld()) {
      Thread opener = Thread.ofVirtual().start(hung::timedOut);
      opening.begun.await();
      // The count needs it, too.
      synchronized (back) {
        opening.goesOn.countDown();
        while (!back.state().equals("open")) {
          Thread.onSpinWait();
        }
        early = awaitTrial(back);
      }
      opener.join();
    }
    answer(early);
    assertThat(back.state()).isEqualTo("half-open");
    answer(begun(back));
    assertThat(back.state()).isEqualTo("closed");
  }

  /// Holds who is about to open a breaker that hangs, and tells so in the log, until it is let go.
  private static final class OpeningHeld extends AppenderBase<ILoggingEvent>
      implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger(BackendBreaker.class);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);

    private OpeningHeld() {
      start();
      logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getMessage().startsWith("event=backend-hung")) {
        begun.countDown();
        try {
          goesOn.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void close() {
      logger.detachAppender(this);
    }
  }

  @Test
  @Timeout(30)
  void thereIsOneTrialAtATime() {
    BackendBreaker slow = soonBack(time);
    openAndAwaitTrial(slow).abandoned();
    begun(slow);
    assertThat(slow.attempt("c").begin()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(30)
  void aTrialThatHadTheTimeOfAnAnswerFails(boolean isGivenUp) {
    BackendBreaker slow = soonBack(time);
    answeredAfter(slow, Duration.ofSeconds(10));
    Attempt trial = openAndAwaitTrial(slow);
    time.advance(Duration.ofSeconds(20));
    if (isGivenUp) {
      trial.abandoned();
    } else {
      trial.timedOut();
    }
    assertThat(slow.state()).isEqualTo("open");
  }

  @Test
  @Timeout(30)
  void aTrialThatIsRefusedFails() {
    BackendBreaker full = soonBack(time);
    openAndAwaitTrial(full).refused();
    assertThat(full.state()).isEqualTo("open");
  }

  @Test
  @Timeout(30)
  void whatBeganBeforeItOpenedSettlesNoTrial() {
    BackendBreaker restarted = soonBack(time);
    List<Attempt> older = Stream.generate(() -> begun(restarted)).limit(20).toList();
    Attempt trial = openAndAwaitTrial(restarted);
    older.get(0).succeeded();
    older.get(1).unreached();
    older.get(2).abandoned();
    older.get(3).refused();
    time.advance(Duration.ofMinutes(1));
    older.get(4).timedOut();
    assertThat(restarted.state()).isEqualTo("half-open");
    assertThat(restarted.attempt("c").begin()).isFalse();
    trial.succeeded();
    assertThat(restarted.state()).isEqualTo("closed");
  }

  @Test
  @Timeout(30)
  void whatBeganBeforeItOpenedDoesNotOpenItAgain() {
    BackendBreaker restarted = soonBack(time);
    List<Attempt> older = Stream.generate(() -> begun(restarted)).limit(20).toList();
    openAndAwaitTrial(restarted).succeeded();
    older.subList(0, 10).forEach(Attempt::unreached);
    time.advance(Duration.ofMinutes(1));
    older.subList(10, 15).forEach(Attempt::timedOut);
    assertThat(restarted.state()).isEqualTo("closed");
    Attempt one = begun(restarted);
    time.advance(Duration.ofMinutes(1));
    one.timedOut();
    assertThat(restarted.state()).isEqualTo("closed");
  }

  @Test
  @Timeout(30)
  void aStreamThatGoesOnIsATrialThatSucceeded() {
    BackendBreaker back = soonBack(time);
    Attempt older = begun(back);
    Attempt trial = openAndAwaitTrial(back);
    assertThat(older.isTrial()).isFalse();
    older.endsTrial();
    assertThat(trial.isTrial()).isTrue();
    trial.endsTrial();
    assertThat(trial.isTrial()).isFalse();
    assertThat(back.state()).isEqualTo("closed");
    unreached(back, 4);
    trial.failed();
    assertThat(back.state()).isEqualTo("open");
  }

  @Test
  void oneCallersFailuresDoNotOpenItWhileOthersAreAnswered() {
    for (int i = 0; i < 50; i++) {
      answered("good");
      time.advance(Duration.ofMillis(900));
      failed("bad");
      failed("bad");
    }
    assertThat(isOpen()).isFalse();
    assertThat(breaker.counts().failed()).isZero();
    assertThat(breaker.counts().succeeded()).isEqualTo(50);
  }

  @Test
  void oneCallersFailuresOpenItOnceNobodyHasBeenAnsweredForASecond() {
    answered("good");
    failed("bad");
    time.advance(SECOND.plusNanos(1));
    for (int i = 0; i < 4; i++) {
      failed("bad");
    }
    assertThat(isOpen()).isFalse();
    failed("bad");
    assertThat(isOpen()).isTrue();
  }

  @Test
  void failuresOfTwoCallersOpenItWhoeverElseIsAnswered() {
    for (int i = 0; i < 3; i++) {
      answered("good");
      failed("one");
      failed("two");
    }
    // The very first could have been the caller's own.
    assertThat(breaker.counts().failed()).isEqualTo(5);
    assertThat(isOpen()).isTrue();
  }

  @Test
  void failuresOfWhoIsAloneOpenIt() {
    for (int i = 0; i < 5; i++) {
      answered("only");
      failed("only");
    }
    assertThat(isOpen()).isTrue();
  }

  @Test
  void connectionsThatDoNotComeAboutOpenItWhoeverAsks() {
    for (int i = 0; i < 5; i++) {
      answered("good");
      unreached(breaker, 1);
    }
    assertThat(isOpen()).isTrue();
  }

  /// Gives a breaker that stays open.
  private BackendBreaker breaker(Duration timeout) {
    return breaker(Duration.ofMinutes(10), timeout, time);
  }

  /// Gives a breaker that is open for so short a time that the end of that can be waited for.
  private BackendBreaker soonBack(MonotonicClock clock) {
    return breaker(Duration.ofMillis(100), Duration.ofSeconds(30), clock);
  }

  private BackendBreaker breaker(Duration openFor, Duration timeout, MonotonicClock clock) {
    return new BackendBreaker(
        "m-0", BreakerSettings.of(null, null, openFor, null), timeout, turnstile, 0, clock, timer);
  }

  /// Opens a breaker, and gives the trial once its time has passed on Failsafe's own clock.
  private static Attempt openAndAwaitTrial(BackendBreaker breaker) {
    unreached(breaker, 5);
    assertThat(breaker.state()).isEqualTo("open");
    return awaitTrial(breaker);
  }

  private static Attempt awaitTrial(BackendBreaker breaker) {
    Attempt trial = breaker.attempt("c");
    while (!trial.begin()) {
      Thread.onSpinWait();
    }
    return trial;
  }

  private static void unreached(BackendBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      begun(breaker).unreached();
    }
  }

  private static Attempt begun(BackendBreaker breaker) {
    return begun(breaker, "c");
  }

  private static Attempt begun(BackendBreaker breaker, String caller) {
    Attempt attempt = breaker.attempt(caller);
    assertThat(attempt.begin()).isTrue();
    return attempt;
  }

  private void answeredAfter(BackendBreaker breaker, Duration wait) {
    Attempt attempt = begun(breaker);
    time.advance(wait);
    answer(attempt);
  }

  private static void answer(Attempt attempt) {
    attempt.progressed();
    attempt.answering();
    attempt.succeeded();
  }

  private void timedOutAfter(BackendBreaker breaker, Duration patience) {
    Attempt attempt = begun(breaker);
    time.advance(patience);
    attempt.timedOut();
  }

  private void answered(String caller) {
    begun(breaker, caller).succeeded();
  }

  private void failed(String caller) {
    begun(breaker, caller).failed();
  }

  private void silent(Duration patience) {
    timedOutAfter(breaker, patience);
  }

  private boolean isOpen() {
    return !turnstile.snapshot().lanes().getFirst().open();
  }
}
