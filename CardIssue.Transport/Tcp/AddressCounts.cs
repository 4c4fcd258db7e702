using System.Net;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tcp;

/// <summary>How many connections a listener has, in all and from each address, against its caps.</summary>
internal sealed class AddressCounts(LineOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private int _all;

    /// <summary>Counts a new connection. Says why not when a cap is reached.</summary>
    public string? Enter(IPAddress address)
    {
        lock (_lock)
        {
            var here = _byAddress.GetValueOrDefault(address);
            if (_all >= options.MaxLines) return $"the listener has {options.MaxLines} lines, its {nameof(LineOptions.MaxLines)}.";
            if (here >= options.MaxLinesPerAddress) return $"the address has {here} lines, the {nameof(LineOptions.MaxLinesPerAddress)}.";
            _byAddress[address] = here + 1;
            _all++;
            return null;
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Leave(IPAddress address)
    {
        lock (_lock)
        {
            var here = _byAddress[address];
            if (here == 1) _byAddress.Remove(address);
            else _byAddress[address] = here - 1;
            _all--;
        }
    }
}
