package triage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The plan of the house as rules: which room may import which, and what may be used where.
///
/// The rules hold below a package of one's choice, so that they can be shown planted violations.
final class Arrows {

  /// Which rooms a room may import, beside `api`, which is open to all. `app` may import every room
  /// and none may import it.
  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          entry("api", Set.of()),
          entry("time", Set.of()),
          entry("admission", Set.of("time")),
          entry("simulation", Set.of("admission", "time")),
          entry("pressure", Set.of("time")),
          entry("store", Set.of("time")),
          entry("identity", Set.of("admission", "store", "time")),
          entry("audit", Set.of("store", "identity", "time")),
          entry("backend", Set.of("admission", "time")),
          entry("gateway", Set.of("identity", "admission", "backend", "audit", "time")),
          entry("analysis", Set.of("admission", "gateway", "identity", "store", "audit", "time")),
          entry("intake", Set.of("analysis", "identity", "store", "time")),
          entry("notify", Set.of("admission", "identity", "store", "time")),
          entry("export", Set.of("identity", "store")),
          entry("capacity", Set.of("admission", "simulation", "store", "time")),
          entry("profile", Set.of()));

  /// Libraries that have a place, and the place.
  private final List<Confined> confined =
      List.of(
          new Confined(
              "JDBI",
              List.of("org.jdbi."),
              "room store, *Dao",
              type -> inRoom(type, "store") || named(type, ".*Dao")),
          new Confined(
              "Failsafe",
              List.of("dev.failsafe."),
              "rooms backend and notify",
              type -> inRoom(type, "backend") || inRoom(type, "notify")),
          new Confined(
              "Dropwizard, Jersey and Jetty",
              List.of(
                  "io.dropwizard.",
                  "org.glassfish.jersey.",
                  "org.eclipse.jetty.",
                  "jakarta.ws.rs.",
                  "jakarta.servlet."),
              "rooms app and gateway, backend's Http* and Models, *Resource, *Filter, managed"
                  + " classes",
              type ->
                  inRoom(type, "app")
                      || inRoom(type, "gateway")
                      || (inRoom(type, "backend") && named(type, "Http.*|Models"))
                      || named(type, ".*(Resource|Filter)")
                      || type.isAssignableTo("io.dropwizard.lifecycle.Managed")));

  /// Rooms without I/O, threads, clocks or logs; what they may use of other people's types.
  private static final Set<String> PURE_ROOMS = Set.of("admission", "simulation");

  private static final Set<String> VALUE_PACKAGES =
      Set.of(
          "java.lang",
          "java.lang.annotation",
          "java.lang.constant",
          "java.lang.invoke",
          "java.lang.runtime",
          "java.math",
          "java.time",
          "java.util",
          "java.util.concurrent.atomic",
          "java.util.function",
          "java.util.random",
          "java.util.stream",
          "org.jspecify.annotations",
          "com.google.errorprone.annotations",
          "com.google.errorprone.annotations.concurrent");

  private static final Set<String> VALUE_TYPES = Set.of("java.util.concurrent.TimeUnit");

  private static final Set<String> IMPURE_TYPES =
      Set.of(
          "java.lang.Process",
          "java.lang.ProcessBuilder",
          "java.lang.ProcessHandle",
          "java.lang.Runtime",
          "java.lang.Thread",
          "java.lang.Thread$Builder",
          "java.lang.ThreadLocal",
          "java.time.Clock",
          "java.util.Random",
          "java.util.Scanner",
          "java.util.Timer",
          "java.util.TimerTask");

  /// What a pure room may ask of `System`.
  private static final Set<String> SYSTEM_CALLS = Set.of("arraycopy", "identityHashCode");

  private final String root;

  private Arrows(String root) {
    this.root = root;
  }

  /// Gives the rules for the rooms that are the packages right below `root`.
  static Map<String, ArchRule> below(String root) {
    Arrows arrows = new Arrows(root);
    return Map.of(
        "arrows", arrows.roomsImportOnlyWhatThePlanSays(),
        "cycles", arrows.noCycles(),
        "places", arrows.librariesStayInTheirPlaces(),
        "purity", arrows.pureRoomsUseValuesOnly(),
        "clocks", arrows.onlyTimeReadsAClock());
  }

  private ArchRule roomsImportOnlyWhatThePlanSays() {
    return everyClass(
        "import only what the plan allows",
        (type, violation) -> {
          String room = roomOf(type);
          if (!room.equals("app") && !MAY_IMPORT.containsKey(room)) {
            violation.accept(type.getName() + " is in no room of the plan");
            return;
          }
          dependencies(type)
              .filter(dependency -> isOurs(dependency.getTargetClass()))
              .filter(dependency -> !mayImport(room, roomOf(dependency.getTargetClass())))
              .forEach(dependency -> violation.accept(dependency.getDescription()));
        });
  }

  private static boolean mayImport(String room, String other) {
    return other.equals(room)
        || other.equals("api")
        || room.equals("app")
        || MAY_IMPORT.get(room).contains(other);
  }

  private ArchRule noCycles() {
    return slices().matching(root + ".(*)..").should().beFreeOfCycles().allowEmptyShould(true);
  }

  private ArchRule librariesStayInTheirPlaces() {
    return everyClass(
        "use libraries in their places only",
        (type, violation) ->
            confined.stream()
                .filter(library -> !library.place().test(outermost(type)))
                .forEach(library ->
                    dependencies(type)
                        .filter(library::isTargetOf)
                        .map(library::describe)
                        .forEach(violation)));
  }

  private ArchRule pureRoomsUseValuesOnly() {
    return everyClass(
        "use values only, in a pure room",
        (type, violation) -> {
          if (!PURE_ROOMS.contains(roomOf(type))) {
            return;
          }
          dependencies(type)
              .filter(dependency -> !isValue(dependency.getTargetClass()))
              .forEach(dependency -> violation.accept(dependency.getDescription()));
          type.getAccessesFromSelf().stream()
              .filter(access -> isImpure(roomOf(type), access))
              .forEach(access -> violation.accept(access.getDescription()));
        });
  }

  private boolean isValue(JavaClass target) {
    JavaClass type = target.getBaseComponentType();
    String name = type.getName();
    return type.isPrimitive()
        || isOurs(type)
        || VALUE_TYPES.contains(name)
        || (VALUE_PACKAGES.contains(type.getPackageName()) && !IMPURE_TYPES.contains(name));
  }

  private static boolean isImpure(String room, JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    String name = access.getName();
    return switch (owner) {
      case "java.lang.System" -> !SYSTEM_CALLS.contains(name);
      case "java.lang.Math", "java.lang.StrictMath" -> name.equals("random");
      case "java.util.UUID" -> name.equals("randomUUID");
      case "java.util.Collections" -> name.equals("shuffle") && hasParameters(access, 1);
      // Chance is for simulations, and comes from a seed.
      case "java.util.SplittableRandom" ->
          !room.equals("simulation") || (name.equals("<init>") && hasParameters(access, 0));
      default ->
          owner.startsWith("java.util.random.")
              && (!room.equals("simulation")
                  || (Set.of("create", "getDefault", "of").contains(name)
                      && !hasLongParameter(access)));
    };
  }

  private ArchRule onlyTimeReadsAClock() {
    return everyClass(
        "be given the time",
        (type, violation) -> {
          String room = roomOf(type);
          if (room.equals("time")) {
            return;
          }
          type.getAccessesFromSelf().stream()
              .filter(access -> readsAClock(room, access))
              .forEach(access -> violation.accept(access.getDescription()));
        });
  }

  private static boolean readsAClock(String room, JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    String name = access.getName();
    return switch (owner) {
      case "java.lang.System" -> name.equals("nanoTime") || name.equals("currentTimeMillis");
      case "java.time.Clock" -> name.startsWith("system") || name.startsWith("tick");
      // All wiring is in app: it hands this clock to the others.
      case "java.time.InstantSource" -> name.equals("system") && !room.equals("app");
      case "java.util.Date", "java.util.GregorianCalendar" ->
          name.equals("<init>") && hasParameters(access, 0);
      case "java.util.Calendar" -> name.equals("getInstance");
      default -> owner.startsWith("java.time.") && name.equals("now");
    };
  }

  private static boolean hasParameters(JavaAccess<?> access, int count) {
    return access.getTarget() instanceof CodeUnitAccessTarget unit
        && unit.getRawParameterTypes().size() == count;
  }

  private static boolean hasLongParameter(JavaAccess<?> access) {
    return access.getTarget() instanceof CodeUnitAccessTarget unit
        && unit.getRawParameterTypes().stream().anyMatch(type -> type.isEquivalentTo(long.class));
  }

  private static Stream<Dependency> dependencies(JavaClass type) {
    return type.getDirectDependenciesFromSelf().stream();
  }

  private boolean isOurs(JavaClass type) {
    return type.getBaseComponentType().getPackageName().startsWith(root + ".");
  }

  private boolean inRoom(JavaClass type, String room) {
    return roomOf(type).equals(room);
  }

  private String roomOf(JavaClass type) {
    String room = type.getBaseComponentType().getPackageName();
    return room.startsWith(root + ".") ? room.substring(root.length() + 1) : room;
  }

  private static boolean named(JavaClass type, String pattern) {
    return type.getSimpleName().matches(pattern);
  }

  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(Arrows::outermost).orElse(type);
  }

  private static ArchRule everyClass(
      String description, BiConsumer<JavaClass, Consumer<String>> check) {
    ArchCondition<JavaClass> condition =
        new ArchCondition<>(description) {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            check.accept(
                type, violation -> events.add(SimpleConditionEvent.violated(type, violation)));
          }
        };
    return classes().should(condition).allowEmptyShould(true);
  }

  private record Confined(
      String name, List<String> packages, String where, Predicate<JavaClass> place) {
    boolean isTargetOf(Dependency dependency) {
      String target = dependency.getTargetClass().getBaseComponentType().getName();
      return packages.stream().anyMatch(target::startsWith);
    }

    String describe(Dependency dependency) {
      return name + " (place: " + where + "): " + dependency.getDescription();
    }
  }
}
