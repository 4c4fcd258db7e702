namespace CardIssue.Test.Explorer;

/// <summary>What an exploration found.</summary>
/// <param name="States">Distinct full states.</param>
/// <param name="Transitions">Transitions taken.</param>
/// <param name="Violation">The first property that did not hold, or null.</param>
/// <param name="Trace">The shortest way to it.</param>
/// <param name="Unsettled">States at rest in which the order is not over, without numbers that only grow: where a next order would begin.</param>
internal sealed record Findings(int States, long Transitions, string? Violation, IReadOnlyList<Choice> Trace, IReadOnlyCollection<World> Unsettled);

/// <summary>Breadth first over full states: each part of a state is kept once, and a state is the six numbers of its parts.</summary>
internal sealed class Exploration
{
    /// <summary>The most states of one world; reaching it is a failure.</summary>
    public const int MaxStates = 12_000_000;

    /// <summary>What is broken when from a state no end can be reached.</summary>
    public const string CannotEnd = "the order cannot end any more";

    private const int Width = 6;

    private readonly Parts<CenterSide> _centers = new();
    private readonly Parts<TerminalSide> _terminals = new();
    private readonly Parts<Store> _stores = new();
    private readonly Parts<Cards> _cards = new();
    private readonly Parts<Budget> _budgets = new();
    private readonly List<int> _states = [];
    private readonly List<int> _parents = [];
    private readonly List<int> _edges = [];
    private readonly List<int> _edgeStarts = [];
    private readonly List<bool> _rests = [];
    private readonly WorldOptions _options;
    private readonly Choices _choices;
    private readonly Play _play;
    private int[] _table = new int[1 << 16];
    private int _count;

    private Exploration(WorldOptions options, Coverage? coverage)
    {
        _options = options;
        _play = new Play(options, coverage);
        _choices = new Choices(options, _play);
    }

    /// <summary>Explores a world from its start, or from the given states.</summary>
    /// <param name="options">The world.</param>
    /// <param name="coverage">Where the cells that were reached are noted.</param>
    /// <param name="starts">The states to begin from; none for the world's own.</param>
    /// <param name="ends">Whether the order must be able to end from every state.</param>
    /// <param name="over">Whether the order must be able to be over, from each state to begin from; else at rest, from every state.</param>
    public static Findings Run(WorldOptions options, Coverage? coverage = null, IReadOnlyCollection<World>? starts = null, bool ends = true, bool over = false) =>
        new Exploration(options, coverage).Search(starts ?? [World.Start(options)], ends, over);

    private Findings Search(IReadOnlyCollection<World> starts, bool ends, bool over)
    {
        foreach (var start in starts) Add(start, -1);
        long transitions = 0;
        var unsettled = new HashSet<World>();
        string? violation = null;
        Choice last = default;
        var at = 0;
        for (; at < _count && violation is null; at++)
        {
            if (_count > MaxStates) throw new InvalidOperationException($"{_options.Name}: more than {MaxStates} states");
            var world = Load(at);
            var rest = _choices.AtRest(world);
            _rests.Add(rest && (!over || world.Store.Over));
            if (rest && !world.Store.Over && !NeedsThirdCard(world) && world.Store.History.Lost is null) unsettled.Add(Recharged(world));
            _edgeStarts.Add(_edges.Count);
            _choices.ForEach(world, (choice, next, broken) =>
            {
                transitions++;
                if (broken is not null)
                {
                    (violation, last) = (broken, choice);
                    return true;
                }
                var index = Add(next, at);
                if (!choice.IsFault && index != at) _edges.Add(index);
                return false;
            });
        }
        if (violation is not null) return new(_count, transitions, violation, [.. Trace(at - 1), last], unsettled);
        _edgeStarts.Add(_edges.Count);
        var stuck = ends ? Stuck(over ? starts.Count : _count) : -1;
        return stuck < 0
            ? new(_count, transitions, null, [], unsettled)
            : new(_count, transitions, CannotEnd, Trace(stuck), unsettled);
    }

    /// <summary>The first of so many states from which no state at rest can be reached without another fault; -1 for none.</summary>
    private int Stuck(int among)
    {
        var into = new int[_count + 2];
        foreach (var to in _edges) into[to + 2]++;
        for (var i = 1; i < into.Length; i++) into[i] += into[i - 1];
        var from = new int[_edges.Count];
        for (var i = 0; i < _count; i++)
            for (var e = _edgeStarts[i]; e < _edgeStarts[i + 1]; e++) from[into[_edges[e] + 1]++] = i;
        var reached = _rests.ToArray();
        var todo = new Stack<int>();
        for (var i = 0; i < _count; i++)
            if (reached[i]) todo.Push(i);
        while (todo.TryPop(out var to))
        {
            for (var e = into[to]; e < into[to + 1]; e++)
            {
                if (reached[from[e]]) continue;
                reached[from[e]] = true;
                todo.Push(from[e]);
            }
        }
        return Array.IndexOf(reached, false, 0, among);
    }

    /// <summary>No card is bound, and both good cards are barred: a third one would do, and this world has none.</summary>
    private bool NeedsThirdCard(World w) => w.Store.Bound is null && IsBarred(w, Card.A) && IsBarred(w, Card.B);

    private bool IsBarred(World w, Card card) => w.Store.Tries(_options.IdOf(card, w.Cards[card])) >= _options.MaxTries;

    /// <summary>Where a next order begins: the line down, all faults spent, one more order to ask for.</summary>
    private World Recharged(World w) => World.Start(_options) with
    {
        Store = w.Store with { Fence = 0, Backup = null, History = default, HolderLost = false },
        Cards = w.Cards.Disconnect() with { Reader = ReaderAt.Own },
        Budget = new Budget(0, 1, 1, 0, 0, 0),
    };

    private IReadOnlyList<Choice> Trace(int state)
    {
        var path = new List<int>();
        for (var i = state; i >= 0; i = _parents[i]) path.Add(i);
        path.Reverse();
        var trace = new List<Choice>();
        for (var i = 0; i + 1 < path.Count; i++)
        {
            var target = Load(path[i + 1]);
            Choice? taken = null;
            _choices.ForEach(Load(path[i]), (choice, next, _) =>
            {
                if (!next.Equals(target)) return false;
                taken = choice;
                return true;
            });
            trace.Add(taken ?? throw new InvalidOperationException("a transition is not repeatable"));
        }
        return trace;
    }

    private World Load(int index)
    {
        var at = index * Width;
        return new World(_centers[_states[at]], _centers[_states[at + 1]], _terminals[_states[at + 2]]!, _stores[_states[at + 3]]!,
            _cards[_states[at + 4]]!, _budgets[_states[at + 5]]!);
    }

    private int Add(World w, int parent)
    {
        Span<int> key = [_centers.Number(w.Center), _centers.Number(w.Zombie), _terminals.Number(w.Terminal), _stores.Number(w.Store),
            _cards.Number(w.Cards), _budgets.Number(w.Budget)];
        if (_count * 2 >= _table.Length) Grow();
        var slot = Slot(key);
        if (_table[slot] != 0) return _table[slot] - 1;
        foreach (var part in key) _states.Add(part);
        _parents.Add(parent);
        _table[slot] = ++_count;
        return _count - 1;
    }

    private int Slot(ReadOnlySpan<int> key)
    {
        var hash = new HashCode();
        foreach (var part in key) hash.Add(part);
        var mask = _table.Length - 1;
        var slot = hash.ToHashCode() & mask;
        var states = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_states);
        while (_table[slot] != 0 && !states.Slice((_table[slot] - 1) * Width, Width).SequenceEqual(key)) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        _table = new int[_table.Length * 2];
        for (var i = 0; i < _count; i++)
            _table[Slot(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_states).Slice(i * Width, Width))] = i + 1;
    }

    /// <summary>Each part that ever occurred, once, by number; 0 is none.</summary>
    private sealed class Parts<T> where T : class
    {
        private readonly Dictionary<T, int> _numbers = [];
        private readonly List<T?> _parts = [null];
        private T? _last;
        private int _lastNumber;

        public T? this[int number] => _parts[number];

        public int Number(T? part)
        {
            if (part is null) return 0;
            if (ReferenceEquals(part, _last)) return _lastNumber;
            if (!_numbers.TryGetValue(part, out var number))
            {
                number = _parts.Count;
                _parts.Add(part);
                _numbers.Add(part, number);
            }
            (_last, _lastNumber) = (part, number);
            return number;
        }
    }
}
