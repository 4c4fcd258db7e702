using System.Net;

namespace CardIssue.Transport;

/// <summary>How many connections a listener has, in all and from each address, against its caps.</summary>
internal sealed class AddressCounts(LineOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (int Pending, int All)> _byAddress = [];
    private int _all;

    /// <summary>Counts a new, pending connection. Says why not when a cap is reached.</summary>
    public string? Enter(IPAddress address)
    {
        lock (_lock)
        {
            var (pending, all) = _byAddress.GetValueOrDefault(address);
            if (_all >= options.MaxLines) return $"the listener has {options.MaxLines} lines, its {nameof(LineOptions.MaxLines)}.";
            if (all >= options.MaxLinesPerAddress) return $"the address has {all} lines, the {nameof(LineOptions.MaxLinesPerAddress)}.";
            if (pending >= options.MaxPendingPerAddress) return $"the address has {pending} handshakes, the {nameof(LineOptions.MaxPendingPerAddress)}.";
            _byAddress[address] = (pending + 1, all + 1);
            _all++;
            return null;
        }
    }

    /// <summary>The connection is pending no more.</summary>
    public void Settle(IPAddress address)
    {
        lock (_lock)
        {
            var (pending, all) = _byAddress[address];
            Store(address, pending - 1, all);
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Leave(IPAddress address)
    {
        lock (_lock)
        {
            var (pending, all) = _byAddress[address];
            Store(address, pending, all - 1);
            _all--;
        }
    }

    private void Store(IPAddress address, int pending, int all)
    {
        // Settle and Leave may come in either order.
        if (pending == 0 && all == 0) _byAddress.Remove(address);
        else _byAddress[address] = (pending, all);
    }
}
