namespace CardIssue.Core.Lines;

/// <summary>
/// Those who are not let in yet, under a cap in all and a cap for each place. It turns nobody away at the entrance: who comes is taken, and when that is one too
/// many, the one who has waited longest goes, at the comer's own place when that has its cap, else at the place with the most. So whoever fills it up drives out
/// himself, and one who is quick gets through beside him. Those of a place who have said something yet wait apart from those who have not, and it is the longer of
/// the two queues that gives way: a crowd that says nothing drives out nobody who speaks, however slow the machine is under it.
/// </summary>
internal sealed class WaitingRoom
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LinePlace, Waiting> _places = [];
    private readonly int _most;
    private readonly int _mostPerPlace;
    private long _arrivals;
    private int _count;

    /// <summary>Makes an empty one.</summary>
    /// <param name="most">How many may wait in all, 1 or more.</param>
    /// <param name="mostPerPlace">How many may wait from one place, 1 or more.</param>
    public WaitingRoom(int most, int mostPerPlace)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostPerPlace, 1);
        (_most, _mostPerPlace) = (most, mostPerPlace);
    }

    /// <summary>How many wait now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes one in.</summary>
    /// <param name="place">Where it comes from.</param>
    /// <param name="turnOut">Called at most once, on the thread of the comer that made it one too many, and never after <see cref="Guest.Dispose"/> returned; must not block.</param>
    /// <returns>Disposed when it waits no more: let in, or gone.</returns>
    public Guest Enter(LinePlace place, Action turnOut)
    {
        ArgumentNullException.ThrowIfNull(turnOut);
        var guest = new Guest(this, place, turnOut);
        Guest? longest = null;
        lock (_lock)
        {
            guest.Arrival = ++_arrivals;
            if (!_places.TryGetValue(place, out var here)) _places.Add(place, here = new Waiting());
            guest.Node = here.Silent.AddLast(guest);
            _count++;
            if (here.Count > _mostPerPlace) longest = here.Longest;
            else if (_count > _most) longest = LongestAtTheFullest();
            if (longest is not null) Remove(longest);
        }
        longest?.TurnOut();
        return guest;
    }

    private Guest LongestAtTheFullest()
    {
        Waiting? fullest = null;
        foreach (var place in _places.Values)
            if (fullest is null || place.Count > fullest.Count || (place.Count == fullest.Count && place.Longest.Arrival < fullest.Longest.Arrival)) fullest = place;
        return fullest!.Longest;
    }

    private void Speak(Guest guest)
    {
        lock (_lock)
        {
            if (guest.Node is not { List: { } silent } node || !_places.TryGetValue(guest.Place, out var here) || silent != here.Silent) return;
            silent.Remove(node);
            here.Speaking.AddLast(node);
        }
    }

    private void Leave(Guest guest)
    {
        lock (_lock) Remove(guest);
    }

    private void Remove(Guest guest)
    {
        if (guest.Node is not { List: { } queue } node) return;
        queue.Remove(node);
        if (_places[guest.Place].Count == 0) _places.Remove(guest.Place);
        _count--;
    }

    /// <summary>Those of one place, each queue in the order of its coming.</summary>
    private sealed class Waiting
    {
        public LinkedList<Guest> Silent { get; } = [];

        public LinkedList<Guest> Speaking { get; } = [];

        public int Count => Silent.Count + Speaking.Count;

        public Guest Longest => (Speaking.Count > Silent.Count ? Speaking : Silent).First!.Value;
    }

    /// <summary>One who waits.</summary>
    public sealed class Guest : IDisposable
    {
        private readonly WaitingRoom _room;
        private readonly Lock _turningOut = new();
        private Action? _turnOut;

        internal Guest(WaitingRoom room, LinePlace place, Action turnOut) => (_room, Place, _turnOut) = (room, place, turnOut);

        internal LinePlace Place { get; }

        internal LinkedListNode<Guest>? Node { get; set; }

        internal long Arrival { get; set; }

        /// <summary>Whether it was made to go.</summary>
        public bool IsTurnedOut { get; private set; }

        /// <summary>It has said what only one says who means to come in; again is harmless. From then on it waits with those who have, too.</summary>
        public void Speak() => _room.Speak(this);

        /// <summary>It waits no more.</summary>
        public void Dispose()
        {
            _room.Leave(this);
            lock (_turningOut) _turnOut = null;
        }

        internal void TurnOut()
        {
            lock (_turningOut)
            {
                if (_turnOut is not { } turnOut) return;
                (_turnOut, IsTurnedOut) = (null, true);
                turnOut();
            }
        }
    }
}
