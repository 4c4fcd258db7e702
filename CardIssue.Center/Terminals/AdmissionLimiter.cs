using CardIssue.Center.Storage;
using CardIssue.Core;
using CardIssue.Core.Lines;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Terminals;

/// <summary>Limits of attempts at access.</summary>
public sealed class AdmissionOptions
{
    /// <summary>Attempts from one place (an IPv4 address, an IPv6 /64, or a serial line) within <see cref="Window"/> that were not admitted: 1 to 10,000.</summary>
    public int Attempts { get; set; } = 10;

    /// <summary>How long an attempt counts: 1 second to 1 day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many places are remembered; then the one that was quiet longest is forgotten: 16 to 1,000,000.</summary>
    public int MaxPlaces { get; set; } = 10_000;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    public void Validate() => new OptionCheck<AdmissionOptions>()
        .Within(Attempts, 1, 10_000, nameof(Attempts))
        .Within(Window, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), nameof(Window))
        .Within(MaxPlaces, 16, 1_000_000, nameof(MaxPlaces))
        .Done();
}

/// <summary>Counts attempts at access per place, in memory.</summary>
public sealed class AdmissionLimiter
{
    private const int Ipv6PrefixBytes = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<Place, LinkedListNode<Count>> _places = [];

    // Oldest window first: a place moves to the end when its window begins.
    private readonly LinkedList<Count> _byAge = [];
    private readonly AdmissionOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Remembers nothing at first.</summary>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public AdmissionLimiter(AdmissionOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _options = options;
        _time = time;
    }

    /// <summary>Counts an attempt.</summary>
    /// <returns>False when there were too many: refuse without looking further.</returns>
    public bool TryBegin(LinePeer peer)
    {
        var place = PlaceOf(peer);
        lock (_lock)
        {
            ForgetOld();
            if (!_places.TryGetValue(place, out var node))
            {
                if (_places.Count == _options.MaxPlaces) Forget(_byAge.First!);
                node = _byAge.AddLast(new Count(place, _time.GetUtcNow()));
                _places.Add(place, node);
            }
            return ++node.Value.Attempts <= _options.Attempts;
        }
    }

    /// <summary>The peer was admitted: its place starts from none again.</summary>
    public void Admitted(LinePeer peer)
    {
        lock (_lock)
        {
            if (_places.TryGetValue(PlaceOf(peer), out var node)) Forget(node);
        }
    }

    private void ForgetOld()
    {
        var before = _time.GetUtcNow() - _options.Window;
        while (_byAge.First is { } oldest && oldest.Value.Since <= before) Forget(oldest);
    }

    private void Forget(LinkedListNode<Count> node)
    {
        _places.Remove(node.Value.Place);
        _byAge.Remove(node);
    }

    private static Place PlaceOf(LinePeer peer)
    {
        if (peer.Address is not { } address) return new Place(ByteString.Empty, peer.Line?.Value ?? 0);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = ByteString.Own(plain.GetAddressBytes());
        return new Place(plain.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? bytes.Slice(0, Ipv6PrefixBytes) : bytes, 0);
    }

    private readonly record struct Place(ByteString Network, int SerialLine);

    private sealed class Count(Place place, DateTimeOffset since)
    {
        public Place Place { get; } = place;
        public DateTimeOffset Since { get; } = since;
        public int Attempts { get; set; }
    }
}
